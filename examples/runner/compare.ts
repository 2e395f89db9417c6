import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError } from 'tfjs-ood';
import { openRunFolder, writeReport } from 'tfjs-ood/node';
import type { Json } from 'tfjs-ood/metrics';
import type { Report } from 'tfjs-ood/report';
import type { Experiment, RunOptions, Sets } from './experiment';
import { methods, type Method } from './methods';
import { announcement, planOf } from './progress/plan';
import type { Place } from './progress/stopping';
import { wholeTime } from './progress/whole-time';
import { pairedTests, type Result, type SeedScores } from './results';
import { runTraining } from './run-training';
import { sampleSets } from './sample';
import { comparisonOf, metricsTable, pairedTable, resultTable, timesOf } from './tables';

/** What is compared, and where it is kept. */
export interface ComparisonOptions extends RunOptions {
  methods: readonly string[];
  seeds: number;
  out: string;
  /** 0: all. */
  evaluateAtMost: number;
  trackedImages: number;
  /** Every how many epochs of a training a line is printed; 0: none is. */
  printEvery: number;
  /** Whether the first training has a report. */
  report: boolean;
  /** Whether the first training of each method that makes an embedding is shown as animations. */
  animations: boolean;
  /** Stops it, by throwing its reason. */
  signal?: AbortSignal;
  /** Where the run is, kept up to date for whoever stops it. */
  place?: Place;
}

/** Throws where the command line leaves nothing to animate. */
function checkAnimated({ methods: names, trackedImages }: ComparisonOptions): void {
  const able = methods.filter(({ outputs }) => outputs === 'embedding').map(({ name }) => name);
  if (!names.some((name) => able.includes(name))) {
    throw new ArgumentError('experiment', '--animations', `given with one of --methods ${able.join(', ')}`, names);
  }
  if (trackedImages > 0) return;
  throw new ArgumentError('experiment', '--animations', 'given with --tracked-images above 0', trackedImages);
}

/** Says what will be compared on which images. */
function introduce(experiment: Experiment, sets: Sets, path: string): void {
  const { train: images, test, classNames } = sets.known;
  console.log(`${experiment.title}\n`);
  console.log(`Known: ${images.shape[0]} training, ${test.shape[0]} test images of ${classNames.length} classes.`);
  console.log(`Seen OoD: ${sets.seenTrain.shape[0]} training images.`);
  for (const { name, kind, seen, images: set } of sets.out) {
    console.log(`Tested against ${name}: ${set.shape[0]} images, ${seen ? 'seen' : 'unseen'} ${kind}.`);
  }
  for (const note of sets.notes ?? []) console.log(note);
  console.log(`Output: ${path}`);
}

/** Trains by each method from each seed, and prints what their scorers are worth. */
export async function compare(experiment: Experiment, options: ComparisonOptions): Promise<void> {
  const { out: path, seed: firstSeed, backend, evaluateAtMost, printEvery } = options;
  const { signal = new AbortController().signal, place = {} } = options;
  if (options.animations) checkAnimated(options);
  // All but the network, a function
  const numbers = JSON.parse(JSON.stringify(experiment.training)) as Record<string, Json>;
  const about = { seed: firstSeed, backend: backend as Json, evaluateAtMost };
  const config = { experiment: experiment.name, ...experiment.about, ...about, ...numbers };
  const sets = await experiment.load(options.data); // first: what cannot be read leaves no folder behind
  const run = await openRunFolder(path, config);
  try {
    const evaluated = sampleSets(sets, evaluateAtMost, firstSeed);
    introduce(experiment, sets, path);
    const compared = methods.filter(({ name }) => options.methods.includes(name));
    const results: Result[] = [];
    const all: SeedScores[] = [];
    let written: Report | undefined;
    const isFirst = (method: Method, seed: number) => seed === firstSeed && method === compared[0];
    const isAnimated = (method: Method, seed: number) =>
      options.animations && seed === firstSeed && method.outputs === 'embedding';
    const trackedOf = (method: Method, seed: number) =>
      (options.report && isFirst(method, seed)) || isAnimated(method, seed) ? options.trackedImages : 0;
    const folderOf = (method: Method, seed: number) => join(path, `${method.name}-${seed}`);
    // Seed by seed, so that a run that is stopped leaves whole comparisons.
    const seeds = Array.from({ length: options.seeds }, (_, i) => firstSeed + i);
    const { training } = experiment;
    const plan = await planOf({ methods: compared, seeds, training, sets, evaluated, folderOf, trackedOf });
    signal.throwIfAborted();
    if (plan.seconds > 0) console.log(`\n${announcement(plan)}`);
    const time = wholeTime(plan.seconds);
    const trainings = plan.trainings.filter(({ isFinished }) => !isFinished).length;
    for (const [i, { method, seed, left }] of plan.trainings.entries()) {
      const { length } = plan.trainings;
      const watched = { number: length > 1 ? `${i + 1} of ${length}: ` : '', left, time, place, signal };
      const shown = { report: options.report && isFirst(method, seed), animations: isAnimated(method, seed) };
      const { report } = shown;
      const images = { sets, evaluated, trackedImages: trackedOf(method, seed) };
      const about = { experiment, method, seed, path, folder: folderOf(method, seed), config, printEvery };
      const found = await runTraining({ ...about, ...images, ...shown, ...watched });
      results.push(...found.results);
      all.push(...found.scored.map((scored) => ({ method: method.name, seed, scored })));
      written ??= found.report;
      // Of two methods: they play side by side in the page of the first.
      if (!found.history || found.report || written?.compareWith) continue;
      if (written?.history) {
        written = { ...written, compareWith: found.history };
        await writeReport(path, written, { figures: false });
      } else if (report === false && options.report && !found.wasThere) {
        console.log('The report shows its own method alone, for that was trained by an earlier call.');
      }
    }
    const order = new Map(methods.map(({ name }, i) => [name, i]));
    results.sort((a, b) => order.get(a.method)! - order.get(b.method)!);
    const titles = Object.fromEntries(methods.map(({ name, title }) => [name, title]));
    const [first] = compared;
    const scorer = all.find(({ method }) => method === first!.name)?.scored.scorer;
    const names = evaluated.out.map(({ name }) => name);
    const paired = () => pairedTable(pairedTests(all, first!.name, names), titles);
    const tables = [
      results.length === 1 ? `${resultTable(results[0]!, evaluated)}\n` : comparisonOf(results, evaluated.out, titles),
      ...(compared.length > 1
        ? [`${first!.title} (${scorer}) less each other one, the same images:\n\n${paired()}`]
        : []),
      timesOf(results),
    ].join('\n');
    const metrics = results.length === 1 ? '' : `\n${metricsTable(results, titles)}`;
    await run.writeJson('results.json', results);
    await run.writeBytes('results.md', new TextEncoder().encode(`${tables}${metrics}`));
    if (trainings === 0) {
      console.log(`\n${path} is finished; more --seeds or --methods add to it, another --out starts a new run.`);
    }
    console.log(`\n${tables}\n${join(path, 'results.md')}, results.json; scores.csv and checkpoints in a folder each`);
    if (options.animations) console.log(`Animations: ${join(path, 'animations')}`);
    if (options.report) console.log(await reportLine(path, folderOf(first!, firstSeed)));
  } finally {
    await run.close();
  }
}

/** Where the report lies; of a finished training whose report is gone, how to have it again. */
async function reportLine(path: string, folder: string): Promise<string> {
  const report = join(path, 'report.html');
  const isThere = await access(report).then(
    () => true,
    () => false,
  );
  if (isThere) return `Report: ${report}`;
  const scores = join(folder, 'scores.json');
  return `Report: none is there, as its training had finished before; delete ${scores} and call again: nothing is trained anew.`;
}
