import { confidenceSuite } from './confidence-suite';

confidenceSuite({ draws: 150 });
