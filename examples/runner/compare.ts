import { join } from 'node:path';
import { ArgumentError } from 'tfjs-ood';
import { openRunFolder, writeReport } from 'tfjs-ood/node';
import type { Report } from 'tfjs-ood/report';
import type { Experiment, RunOptions } from './experiment';
import { methods } from './methods';
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

/** Trains by each method from each seed, and prints what their scorers are worth. */
export async function compare(experiment: Experiment, options: ComparisonOptions): Promise<void> {
  const { out: path, seed: firstSeed, backend, evaluateAtMost, printEvery } = options;
  if (options.animations) checkAnimated(options);
  // All but the network, a function
  const numbers = JSON.parse(JSON.stringify(experiment.training)) as Record<string, unknown>;
  const about = { seed: firstSeed, backend, evaluateAtMost };
  const config = { experiment: experiment.name, ...experiment.about, ...about, ...numbers };
  const sets = await experiment.load(options.data); // first: what cannot be read leaves no folder behind
  const run = await openRunFolder(path, config);
  try {
    const evaluated = sampleSets(sets, evaluateAtMost, firstSeed);
    const { train: images, test, classNames } = sets.known;
    console.log(`${experiment.title}\n`);
    console.log(`Known: ${images.shape[0]} training, ${test.shape[0]} test images of ${classNames.length} classes.`);
    console.log(`Seen OoD: ${sets.seenTrain.shape[0]} training images.`);
    for (const { name, kind, seen, images: set } of sets.out) {
      console.log(`Tested against ${name}: ${set.shape[0]} images, ${seen ? 'seen' : 'unseen'} ${kind}.`);
    }
    for (const note of sets.notes ?? []) console.log(note);
    console.log(`Output: ${path}`);

    const compared = methods.filter(({ name }) => options.methods.includes(name));
    const results: Result[] = [];
    const all: SeedScores[] = [];
    let trainings = 0;
    let written: Report | undefined;
    // Seed by seed, so that a run that is stopped leaves whole comparisons.
    for (let seed = firstSeed; seed < firstSeed + options.seeds; seed++) {
      for (const method of compared) {
        const isFirst = seed === firstSeed && method === compared[0];
        const report = options.report && isFirst;
        const animations = options.animations && seed === firstSeed && method.outputs === 'embedding';
        const trackedImages = report || animations ? options.trackedImages : 0;
        const images = { sets, evaluated, trackedImages, animations };
        const found = await runTraining({ experiment, method, seed, ...images, path, config, report, printEvery });
        results.push(...found.results);
        all.push(...found.scored.map((scored) => ({ method: method.name, seed, scored })));
        if (!found.wasThere) trainings++;
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
    if (options.report) console.log(`Report: ${join(path, 'report.html')}`);
  } finally {
    await run.close();
  }
}
