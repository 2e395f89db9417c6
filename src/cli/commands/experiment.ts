import { Argument } from 'commander';
import { CliError, EXIT } from '../cli-error';
import { requirePackages } from '../input/packages';
import type { AddCommand } from './command-frame';

/** The experiments of examples/, and what they compare. */
export const EXPERIMENTS: Readonly<Record<string, string>> = {
  'svhn-cifar10': 'CIFAR-10 or SVHN known, the other seen; without --data it draws its own images',
  digits: 'MNIST, 0 to 5 known; Fashion-MNIST and noise; wants --data',
  'traffic-signs': 'GTSRB or Tsinghua-Tencent; wants --data',
  folder: 'class folders of yours: --data known --novel others',
};

const PACKAGES = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
  'sharp',
];

/** Which script of the package an experiment is; a build puts it beside this file. */
export const scriptOf = (name: string): URL => new URL(`./experiments/${name}.js`, import.meta.url);

/** `experiment`: trains, compares and reports; the code is that of examples/, and has options of its own. */
export const addExperiment: AddCommand = (program, run) => {
  const list = Object.entries(EXPERIMENTS)
    .map(([name, about]) => `  ${name.padEnd(14)}${about}`)
    .join('\n');
  program
    .command('experiment')
    .description('Trains an embedding that pushes the unknown away, compares ways to do so, and writes a report.')
    .addArgument(new Argument('[name]', 'which one').choices(Object.keys(EXPERIMENTS)).default('svhn-cifar10'))
    .argument('[options...]', "the experiment's own: npx tfjs-ood experiment digits --help lists them")
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      `\nExperiments:\n${list}\n\nExample:\n  npx tfjs-ood experiment svhn-cifar10 --preset drawn\n\n` +
        'In code: createTrainer, fit, odmBatches, odmLoss of tfjs-ood; the whole of it is examples/ of the repository',
    )
    .action((name: string, options: string[]) =>
      run(async (_, called) => {
        requirePackages(called, PACKAGES);
        // The script reads the command line itself, and stops by itself.
        process.argv = [process.argv[0]!, `tfjs-ood experiment ${name}`, ...options];
        process.env.TFJS_OOD_COMMAND = `npx tfjs-ood experiment ${name}`;
        try {
          await import(scriptOf(name).href);
        } catch (error) {
          throw new CliError(`experiment ${name} does not start: ${(error as Error).message}`);
        }
        return EXIT.leftToScript;
      }),
    );
};
