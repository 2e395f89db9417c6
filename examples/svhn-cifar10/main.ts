import { Option } from 'commander';
import { runExperiment } from '../runner/run-experiment';
import { addSettings } from '../runner/settings';
import { presets, presetSettings } from './presets';
import { svhnCifar10 } from './svhn-cifar10';

runExperiment(svhnCifar10, (program) => {
  program
    .option('--download', 'fetch CIFAR-10 and SVHN into the data folder first (0.4 GB)')
    .option('--in <set>', 'the known classes: cifar10 or svhn')
    .option('--seen <set>', 'the OoD images seen in training: svhn or cifar10')
    .addOption(new Option('--preset <name>', 'paper, quick or drawn').choices(Object.keys(presets)));
  addSettings(program, presetSettings);
});
