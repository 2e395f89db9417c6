import { InvalidArgumentError } from 'commander';
import { runExperiment } from '../runner/run-experiment';
import { folder } from './folder';

runExperiment(folder, (program) =>
  program
    .option(
      '--novel <folder>',
      'class folders (or images) of the same kind that are not known; half of the classes are seen in training',
    )
    .option('--anomaly <folder>', 'images of anything else, in folders or not')
    .option('--skip-bad', 'leave out what is no whole image or of an odd size, and say what')
    .option(
      '--size <pixels>',
      'images are made so large, whatever their shape; without it all must be of one size, up to 64 x 64',
      (text) => {
        const size = Number(text);
        if (!Number.isInteger(size) || size < 8 || size > 256) throw new InvalidArgumentError('Expected 8 to 256.');
        return size;
      },
    ),
);
