import { Option, type Command } from 'commander';
import { runExperiment } from '../runner/run-experiment';
import { addSettings } from '../runner/settings';
import { presets, presetSettings } from './presets';
import { svhnCifar10 } from './svhn-cifar10';

const options = (program: Command) => {
  program
    .option('--download', 'fetch CIFAR-10 and SVHN into the data folder first (0.4 GB)')
    .option('--in <set>', 'the known classes: cifar10 or svhn')
    .option('--seen <sets>', 'the OoD images seen in training: svhn, or several, as svhn,tiny-imagenet:500,uniform')
    .addOption(new Option('--preset <name>', 'paper, quick or drawn').choices(Object.keys(presets)));
  addSettings(program, presetSettings);
};

// `npx tfjs-ood experiment` starts the same file.
runExperiment(svhnCifar10, options, process.env.TFJS_OOD_COMMAND ?? 'npm run experiment --');
