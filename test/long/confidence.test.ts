import { confidenceSuite } from '../simulation/confidence-suite';

confidenceSuite({ draws: 1000, print: true });
