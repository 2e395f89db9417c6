import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import cliProgress from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { OodError } from 'tfjs-ood';
import { openRunFolder, type RunFolder } from 'tfjs-ood/node';
import type { Experiment, Sets } from './experiment';
import { methods, type Method } from './methods';
import { comparisonOf, pairedTable, pairedTests, resultOf, type Result, type SeedScores } from './results';
import { scoreAll } from './scores';
import { train } from './train';

interface Options {
  data?: string;
  seeds: number;
  methods: string[];
  steps: number;
  out: string;
  [more: string]: unknown;
}

/** What a finished training leaves in the run folder. */
interface Finished {
  trainSeconds: number;
  scored: { scorer: string; accuracy: number; known: number[]; out: Record<string, number[]> }[];
}

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number from 1.');
  return value;
};
const known = methods.map(({ name }) => name);
const methodList = (text: string): string[] => {
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Expected names among ${known.join(', ')}.`);
  return names;
};

/** Trains one network and scores every test image with it, or takes what an earlier call left. */
async function runOne(
  run: RunFolder,
  method: Method,
  experiment: Experiment,
  sets: Sets,
  seed: number,
): Promise<Finished> {
  const file = `${method.name}-${seed}.json`;
  const before = await run.readJson<Finished>(file);
  if (before) return before;
  const { training } = experiment;
  const bar = new cliProgress.SingleBar({
    format: `${method.name}, seed ${seed} {bar} {percentage}% | {value}/{total} steps | {eta_formatted} left | loss {loss}`,
    noTTYOutput: true,
    notTTYSchedule: 20_000,
  });
  bar.start(training.steps, 0, { loss: '-' });
  const start = performance.now();
  const model = await train(method, training, sets, seed, (step, loss) => bar.update(step, { loss: loss.toFixed(3) }));
  const trainSeconds = (performance.now() - start) / 1000;
  bar.stop();
  const scored = await scoreAll(model, method, sets);
  model.dispose();
  const finished: Finished = {
    trainSeconds,
    scored: scored.map(({ scorer, accuracy, known: inside, out }) => ({
      scorer,
      accuracy,
      known: Array.from(inside),
      out: Object.fromEntries(Object.entries(out).map(([name, scores]) => [name, Array.from(scores)])),
    })),
  };
  await run.writeJson(file, finished);
  return finished;
}

async function compare(experiment: Experiment, options: Options): Promise<void> {
  const steps = options.steps;
  const own: Experiment = { ...experiment, training: { ...experiment.training, steps } };
  if (!(await setBackend('wasm'))) throw new Error('The wasm backend did not start.');
  const sets = await own.load(options.data, options);
  const { train: images, test } = sets.known;
  console.log(`${own.title}\n`);
  console.log(
    `Known: ${images.shape[0]} training, ${test.shape[0]} test images of ${sets.known.classNames.length} classes.`,
  );
  console.log(`Seen OoD: ${sets.seenTrain.shape[0]} training images.`);
  for (const { name, kind, seen, images: set } of sets.out) {
    console.log(`Tested against ${name}: ${set.shape[0]} images, ${seen ? 'seen' : 'unseen'} ${kind}.`);
  }
  for (const note of sets.notes ?? []) console.log(note);
  const numbers = JSON.parse(JSON.stringify(own.training)) as Record<string, unknown>; // all but the network, a function
  const run = await openRunFolder(options.out, { experiment: own.name, data: String(options.data), ...numbers });
  try {
    const results: Result[] = [];
    const all: SeedScores[] = [];
    // Seed by seed, so that a run that is stopped leaves whole comparisons.
    for (let seed = 1; seed <= options.seeds; seed++) {
      for (const method of methods.filter(({ name }) => options.methods.includes(name))) {
        const { trainSeconds, scored } = await runOne(run, method, own, sets, seed);
        for (const one of scored) {
          const found = {
            ...one,
            known: Float64Array.from(one.known),
            out: Object.fromEntries(Object.entries(one.out).map(([name, scores]) => [name, Float64Array.from(scores)])),
          };
          all.push({ method: method.name, seed, scored: found });
          results.push(resultOf(found, sets.out, { method: method.name, seed, trainSeconds }));
        }
      }
    }
    const titles = Object.fromEntries(methods.map(({ name, title }) => [name, title]));
    const names = sets.out.filter(({ seen }) => !seen).map(({ name }) => name);
    const seconds = results.map(({ trainSeconds }) => trainSeconds).sort((a, b) => a - b);
    const order = new Map(known.map((name, i) => [name, i]));
    results.sort((a, b) => order.get(a.method)! - order.get(b.method)!);
    const tables = [
      comparisonOf(results, sets.out, titles),
      `ODM less each other one, the same images:\n\n${pairedTable(pairedTests(all, 'odm', names), titles)}`,
      `Seconds of a training: median ${seconds[Math.floor(seconds.length / 2)]!.toFixed(0)}, at most ${seconds.at(-1)!.toFixed(0)}.\n`,
    ].join('\n');
    await run.writeJson('results.json', results);
    await run.writeBytes('results.md', new TextEncoder().encode(tables));
    console.log(`\n${tables}\n${join(run.path, 'results.md')}, results.json`);
  } finally {
    await run.close();
  }
}

/** The command line of an experiment; `more` adds options of its own, which `load` gets. */
export function runExperiment(experiment: Experiment, more: (program: Command) => void = () => undefined): void {
  const program = new Command(`npm run experiment:${experiment.name} --`)
    .description(
      `${experiment.title}.\nCompares ways to train the same network, and scorers around it, over several seeds.`,
    )
    .option('--data <folder>', 'folder with the images (default: ./data)')
    .option('--seeds <count>', 'trainings of each method', whole, experiment.seeds)
    .option('--methods <names>', `some of ${known.join(', ')}`, methodList, known)
    .option('--steps <count>', 'steps of a training', whole, experiment.training.steps)
    .option('--out <folder>', 'output folder; a stopped run goes on there', `runs/${experiment.name}`)
    .showHelpAfterError('(--help lists the options)');
  more(program);
  program.parse();
  compare(experiment, program.opts<Options>()).catch((error: unknown) => {
    console.error(error instanceof OodError ? error.message : error);
    process.exitCode = 1;
  });
}
