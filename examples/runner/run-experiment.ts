import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import { Command } from 'commander';
import { OodError } from 'tfjs-ood';
import { namesAmong, whole } from './arguments';
import { compare } from './compare';
import type { Experiment, ExperimentByOptions, RunOptions, Training } from './experiment';
import { methods } from './methods';
import { STOPPED, Stopped, stoppedText, stopOnSignal, type Place } from './progress/stopping';
import { addSettings, checkSettings, givenSettings } from './settings';
import { runSettings, trainingSettings } from './training-settings';

interface Options extends RunOptions {
  backend: string;
  evaluateAtMost: number;
  trackedImages: number;
  printEvery: number;
  report: boolean;
  animations: boolean;
  seeds?: number;
  methods?: string[];
  steps?: number;
  out?: string;
}

const known = methods.map(({ name }) => name);

/** The training with the numbers that the command line gives. */
function trainingOf(training: Training, { steps, ...options }: Options): Training {
  const given = { ...training, ...givenSettings<Training>(trainingSettings, options) };
  const stepsPerEpoch = steps === undefined ? given.stepsPerEpoch : Math.ceil(steps / given.epochs);
  return checkSettings(trainingSettings, { ...given, stepsPerEpoch });
}

async function run(experiment: Experiment | ExperimentByOptions, given: Options, command: string): Promise<void> {
  const options = checkSettings(runSettings, given);
  const chosen = 'choose' in experiment ? await experiment.choose(options) : experiment;
  if (!(await setBackend(options.backend))) throw new Error(`The backend ${options.backend} did not start.`);
  const { signal, end } = stopOnSignal();
  const [place, out]: [Place, string] = [{}, options.out ?? join('runs', chosen.name)];
  const asked = { methods: options.methods ?? chosen.methods ?? known, seeds: options.seeds ?? chosen.seeds, out };
  try {
    const training = trainingOf(chosen.training, options);
    await compare({ ...chosen, training }, { ...options, ...asked, signal, place });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    console.error(stoppedText(place, out, command, process.argv.slice(2)));
    process.exitCode = STOPPED;
  } finally {
    end();
  }
}

/** What the settings of a run are where nothing else is said. */
const defaults = { seed: 1, backend: 'wasm', animations: false, evaluateAtMost: 0, trackedImages: 1000, printEvery: 0 };

/**
 * The command line of an experiment; `more` adds options of its own, which `choose` gets; `command` is what its help
 * and a stopped run call it by.
 */
export function runExperiment(
  experiment: Experiment | ExperimentByOptions,
  more: (program: Command) => void = () => undefined,
  command = `npm run experiment:${experiment.name} --`,
): void {
  const { title, seeds, methods: compared = known, example } = experiment;
  const program = new Command(command)
    .description(`${title}.\nCompares ways to train the same network, and scorers around it, over several seeds.`)
    .option('--data <folder>', 'folder with the images (default: ./data)')
    .option('--seeds <count>', `trainings of each method (default: ${seeds})`, whole)
    .option('--methods <names>', `some of ${known.join(', ')} (default: ${compared.join(', ')})`, namesAmong(known))
    .option('--steps <count>', 'steps of a training, in all its epochs', whole)
    .option('--out <folder>', `output folder; a stopped run goes on there (default: below runs)`)
    .option('--no-report', 'no HTML page of the first training')
    .option('--animations', 'the embedding over the epochs as GIFs, one a method and a set (first seed)')
    .addHelpText('after', `\nFor example:\n  ${command} ${example}`)
    .showHelpAfterError('(--help lists the options)');
  more(program);
  addSettings(program, runSettings, defaults);
  addSettings(program, trainingSettings, experiment.training);
  program.parse();
  run(experiment, { ...defaults, ...program.opts<Options>() }, command).catch((error: unknown) => {
    // Our own errors say what to do; a stack would hide it.
    console.error(error instanceof OodError ? error.message : error);
    process.exitCode = 1;
  });
}
