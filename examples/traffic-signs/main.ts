import { runExperiment } from '../runner/run-experiment';
import { trafficSigns } from './traffic-signs';

runExperiment(trafficSigns);
