import { runExperiment } from '../runner/run-experiment';
import { digits } from './digits';

runExperiment(digits);
