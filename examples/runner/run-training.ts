import { openRunFolder, writeReport } from 'tfjs-ood/node';
import { animate } from './animations';
import type { Json } from 'tfjs-ood/metrics';
import type { EmbeddingHistory, Report } from 'tfjs-ood/report';
import { testSets, type Experiment, type Sets } from './experiment';
import { trackImages, type Tracked } from './history';
import type { Method } from './methods';
import { progressBar } from './progress/progress-bar';
import type { Pieces } from './progress/cost';
import type { Place } from './progress/stopping';
import type { WholeTime } from './progress/whole-time';
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
  /** Where the comparison's files lie, and those of the training. */
  path: string;
  folder: string;
  config: Readonly<Record<string, Json>>;
  /** Whether a report of this training is written. */
  report: boolean;
  /** The embedding of so many test images is kept after each epoch; 0: none is. */
  trackedImages: number;
  /** Whether it is shown as animations too. */
  animations: boolean;
  /** Every how many epochs a line is printed; 0: none is. */
  printEvery: number;
  /** Its place among several, before its name: `2 of 15: `. */
  number: string;
  /** What is left of it, and the time over the whole run. */
  left: Pieces;
  time: WholeTime;
  /** Where the run is, kept up to date for whoever stops it. */
  place: Place;
  signal: AbortSignal;
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
  const folder = await openRunFolder(run.folder, { ...config, method: method.name, seed });
  const name = `${method.name}, seed ${seed}`;
  const { training } = run.experiment;
  const { left, time, place, signal, number, animations } = run;
  const isTracking = run.trackedImages > 0;
  const asked = { count: run.trackedImages, animations };
  const tracker = isTracking ? trackImages(evaluated, asked, training, seed, folder) : undefined;
  let bar = progressBar(`Training ${number}${name}`);
  try {
    const before = await folder.readJson<ScoresFile>(FILE);
    if (before) {
      const { scored, ...about } = before;
      return { ...finishedOf(scored.map(fromArrays), about), ...(await animated()), wasThere: true };
    }
    let first: number | undefined; // of a training that goes on
    const { model, seconds, cpuSeconds } = await train(method, training, run.sets, seed, folder, {
      onStep: ({ images, of, epoch, step, steps, loss }) => {
        first ??= images;
        time.at(left.training, (images - first) / Math.max(1, of - first));
        const epochs = `epoch ${epoch + 1} of ${training.epochs}`;
        place.words = `training ${number}${name}, ${epochs}, step ${step + 1} of ${steps}`;
        bar.update({ done: images, total: of, left: time.left(), note: `${epochs}, loss ${loss.toFixed(3)}` });
      },
      signal,
      onEpoch: async (epochs, model, line) => {
        if (line && run.printEvery > 0 && epochs % run.printEvery === 0) bar.print(epochText(name, line));
        await tracker?.record(epochs, model);
      },
    });
    bar.stop();
    time.finish(left.training);
    place.words = `the evaluation of training ${number}${name}`;
    bar = progressBar(`Evaluating ${number}${name}`);
    const found = await scoreAll(model, method, training, evaluated, (done, total) => {
      signal.throwIfAborted();
      time.at(left.evaluation, done / total);
      bar.update({ done, total, left: time.left() });
    });
    bar.stop();
    time.finish(left.evaluation);
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
    if (!animations) return {};
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
