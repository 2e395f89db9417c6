import { join } from 'node:path';
import { openRunFolder, writeReport } from 'tfjs-ood/node';
import { animate } from './animations';
import type { EmbeddingHistory, Report } from 'tfjs-ood/report';
import { testSets, type Experiment, type Sets } from './experiment';
import { trackImages, type Tracked } from './history';
import type { Method } from './methods';
import { progressBar } from './progress-bar';
import { reportOf } from './report';
import type { EpochLine } from './resumable-fit';
import { resultOf, type Result } from './results';
import { scoreAll, type Scored, type ScoredSets } from './scores';
import { train } from './train';

/** One training of a comparison. */
export interface TrainingRun {
  experiment: Experiment;
  method: Method;
  seed: number;
  /** All images, and those of them that are evaluated. */
  sets: Sets;
  evaluated: Sets;
  /** Where the comparison's files lie; those of the training lie in a folder below. */
  path: string;
  config: Readonly<Record<string, unknown>>;
  /** Whether a report of this training is written. */
  report: boolean;
  /** The embedding of so many test images is kept after each epoch; 0: none is. */
  trackedImages: number;
  /** Whether it is shown as animations too. */
  animations: boolean;
  /** Every how many epochs a line is printed; 0: none is. */
  printEvery: number;
}

/** A trained network's results, one for each scorer, and the scores that they are of. */
export interface FinishedTraining {
  results: Result[];
  scored: ScoredSets[];
  /** Whether an earlier call did it. */
  wasThere: boolean;
  /** The report, where this call wrote one. */
  report?: Report;
  /** What was tracked, where it is animated. */
  history?: EmbeddingHistory;
}

/** What a finished training leaves in its folder. */
interface ScoresFile {
  trainSeconds: number;
  cpuSeconds: number;
  scored: { scorer: string; accuracy: number; known: number[]; out: Record<string, number[]> }[];
}

const FILE = 'scores.json';

/** What `--print-every` prints. */
const epochText = (name: string, { epoch, loss, imagesPerSecond }: EpochLine): string =>
  `${name}: epoch ${epoch}, mean loss ${loss.toFixed(4)}, ${imagesPerSecond.toFixed(0)} images/s`;

/** Trains a network and scores every test image with it, goes on with that, or takes what an earlier call left. */
export async function runTraining(run: TrainingRun): Promise<FinishedTraining> {
  const { method, seed, evaluated, path, config } = run;
  const folder = await openRunFolder(join(path, `${method.name}-${seed}`), { ...config, method: method.name, seed });
  const name = `${method.name}, seed ${seed}`;
  const { training } = run.experiment;
  const tracker = run.trackedImages > 0 ? trackImages(evaluated, run.trackedImages, training, seed, folder) : undefined;
  let bar = progressBar(`Training   ${name}`);
  try {
    const before = await folder.readJson<ScoresFile>(FILE);
    if (before) {
      const { scored, ...about } = before;
      return { ...finishedOf(scored.map(fromArrays), about), ...(await animated()), wasThere: true };
    }
    const { model, seconds, cpuSeconds } = await train(method, training, run.sets, seed, folder, {
      onStep: ({ images, of, epoch, loss }) => bar.update(images, of, `| epoch ${epoch + 1}, loss ${loss.toFixed(3)}`),
      onEpoch: async (epochs, model, line) => {
        if (line && run.printEvery > 0 && epochs % run.printEvery === 0) bar.print(epochText(name, line));
        await tracker?.record(epochs, model);
      },
    });
    bar.stop();
    bar = progressBar(`Evaluating ${name}`);
    const found = await scoreAll(model, method, training, evaluated, (done, total) => bar.update(done, total));
    bar.stop();
    model.dispose();

    const finished = finishedOf(found.scorers, { trainSeconds: seconds, cpuSeconds });
    await folder.writeBytes('scores.csv', new TextEncoder().encode(scoresCsv(evaluated, found)));
    let report: Report | undefined;
    if (run.report) {
      const title = `${run.experiment.title}: ${method.title}`;
      report = reportOf(title, config, evaluated, found, finished.results[0]!, (await tracked())?.history);
      await writeReport(path, report);
    }
    const history = await animated();
    // Last: its presence says that the training is finished.
    const file: ScoresFile = { trainSeconds: seconds, cpuSeconds, scored: found.scorers.map(toArrays) };
    await folder.writeJson(FILE, file);
    return { ...finished, ...history, ...(report && { report }), wasThere: false };
  } finally {
    bar.stop();
    await folder.close();
  }

  async function tracked(): Promise<Tracked | undefined> {
    const found = await tracker?.read();
    return found && { ...found, history: { ...found.history, name: method.title } };
  }
  async function animated(): Promise<Pick<FinishedTraining, 'history'>> {
    if (!run.animations) return {};
    const found = (await tracked())!;
    await animate(path, method, evaluated, found);
    return { history: found.history };
  }
  function finishedOf(scored: ScoredSets[], times: Pick<Result, 'trainSeconds' | 'cpuSeconds'>) {
    const about = { method: method.name, seed, ...times };
    return { results: scored.map((one) => resultOf(one, evaluated.out, about)), scored };
  }
}

const mapValues = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
const toArrays = ({ known, out, ...rest }: ScoredSets) => {
  return { ...rest, known: Array.from(known), out: mapValues(out, (scores) => Array.from(scores)) };
};
const fromArrays = ({ known, out, ...rest }: ScoresFile['scored'][number]): ScoredSets => {
  return { ...rest, known: Float64Array.from(known), out: mapValues(out, (scores) => Float64Array.from(scores)) };
};

/**
 * One line an image: set, index in the set, its class (-1: OoD), the class it is taken for, each scorer's score (higher
 * = more OoD).
 */
export function scoresCsv(sets: Sets, { scorers, answers }: Scored): string {
  const quoted = (name: string) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  const names = scorers.map(({ scorer }) => (scorers.length > 1 ? quoted(scorer) : 'score'));
  const lines = [['set', 'index', 'label', 'nearest', ...names].join(',')];
  testSets(sets).forEach(({ name }, i) => {
    const scores = scorers.map(({ known, out }) => (i === 0 ? known : out[name]!));
    const { nearest } = answers[i]!;
    Array.from(nearest).forEach((taken, n) => {
      const label = i === 0 ? sets.known.test.labels[n]! : -1;
      lines.push([quoted(name), n, label, taken, ...scores.map((own) => own[n]!)].join(','));
    });
  });
  return `${lines.join('\n')}\n`;
}
