import { InvalidArgumentError, Option } from 'commander';
import { whole } from '../runner/arguments';
import { runExperiment } from '../runner/run-experiment';
import { SEEN, trafficSigns, VALIDATION } from './traffic-signs';

const classes = (text: string): number[] => {
  const labels = text.split(',').map(Number);
  if (labels.every((label) => SEEN.includes(label)) && labels.length < SEEN.length) return labels;
  throw new InvalidArgumentError(`Expected some of ${SEEN.join(',')}.`);
};

runExperiment(trafficSigns, (program) =>
  program
    .addOption(new Option('--in <set>', 'the signs').choices(['gtsrb', 'tsinghua']).default('gtsrb'))
    .option('--least-signs <count>', 'of tsinghua: classes with fewer training signs are left out', whole, 100)
    .addOption(
      program
        .createOption('--validate [classes]', 'hold back signs and classes of the training images to make choices by')
        .argParser(classes)
        .preset(VALIDATION.join(',')),
    ),
);
