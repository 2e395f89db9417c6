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

/** Which experiment the words name, or the first of all, and what is left for it. */
function experimentIn(words: readonly string[]): [name: string, options: readonly string[]] {
  const [first = '-', ...rest] = words;
  if (first.startsWith('-')) return [Object.keys(EXPERIMENTS)[0]!, words];
  if (Object.hasOwn(EXPERIMENTS, first)) return [first, rest];
  const names = Object.keys(EXPERIMENTS).join(', ');
  throw new CliError(`experiment: there is no ${first}; there are ${names}`, EXIT.wrongUsage);
}

/** `experiment`: trains, compares and reports; the code is that of examples/, and has options of its own. */
export const addExperiment: AddCommand = (program, run) => {
  const list = Object.entries(EXPERIMENTS)
    .map(([name, about]) => `  ${name.padEnd(15)}${about}`)
    .join('\n');
  program
    .command('experiment')
    .description('Trains an embedding that pushes the unknown away, compares ways to do so, and writes a report.')
    .argument('[words...]', 'which one (default: svhn-cifar10), and its own options')
    .usage('[name] [options of the experiment]')
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      `\nExperiments:\n${list}\n\nExample:\n  npx tfjs-ood experiment digits --help        lists its own options\n` +
        '  npx tfjs-ood experiment --preset drawn\n\n' +
        'In code: createTrainer, fit, odmBatches, odmLoss of tfjs-ood; the whole of it is examples/ of the repository',
    )
    .action((words: string[]) =>
      run(async (_, called) => {
        const [name, options] = experimentIn(words);
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
