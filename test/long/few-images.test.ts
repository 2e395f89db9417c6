import { fewImagesSuite } from '../simulation/few-images-suite';

fewImagesSuite({ fits: 400, print: true });
