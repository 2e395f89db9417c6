import { killSuite } from './kill-suite';

killSuite({ kills: 4, epochs: 6 });
