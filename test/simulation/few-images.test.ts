import { fewImagesSuite } from './few-images-suite';

fewImagesSuite({ fits: 40 });
