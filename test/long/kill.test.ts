import { killSuite } from '../crash/kill-suite';

killSuite({ kills: 200, epochs: 10 });
