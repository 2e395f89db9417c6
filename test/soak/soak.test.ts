import { soakSuite } from './soak-suite';

soakSuite({ minutes: 1 / 4 });
