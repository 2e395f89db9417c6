import { whole } from '../runner/arguments';
import { runExperiment } from '../runner/run-experiment';
import { digitsByOptions } from './digits';

runExperiment(digitsByOptions, (program) =>
  program.option('--noise-seen <count>', 'images of uniform noise among the OoD images of the training', whole),
);
