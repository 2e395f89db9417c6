import { fewImagesSuite } from '../simulation/few-images-suite';

fewImagesSuite({ fits: 1000, print: true });
