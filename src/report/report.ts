import { check, FINITE, OBJECT, TEXT, type Rule } from '../core/check';
import { checkProbabilities, type ClassRows } from '../core/class-rows';
import { ArgumentError, ShapeError } from '../core/errors';
import type { ImageSet } from '../core/images';
import { checkLabels } from '../core/labels';
import type { Json } from '../core/saved/json';
import { checkScores, type Scores } from '../core/scores';
import type { Evaluation } from '../metrics/index';

/** Embeddings as plain numbers [N, D]. */
export interface EmbeddingRows {
  readonly data: Float32Array;
  readonly shape: readonly [number, number];
}

/** How many rows of a set are called OoD at a cut-point, with the interval of their share. */
export interface ReportedShare {
  /** False-alarm rate of the cut-point. */
  alpha: number;
  count: number;
  of: number;
  lower: number;
  upper: number;
}

/** One set of test images: what the report shows of it. Everything besides name and scores may be left out. */
export interface ReportSet {
  name: string;
  /** [N], higher = more out of distribution. */
  scores: Scores;
  /** True class of each image [N]; of the known set alone. */
  labels?: ArrayLike<number>;
  /** Class that the model takes each image for [N], such as the nearest class mean. */
  nearest?: ArrayLike<number>;
  /** [N, C] of the classes, each row sums to 1; of the known set, which then needs `labels`. */
  probabilities?: ClassRows;
  /** [N, D] after training. */
  embeddings?: EmbeddingRows;
  /** The images themselves [N, H, W, 1 or 3], for hovering and for the mistakes. */
  images?: ImageSet;
  /** What came of the set, in words; as of `evaluate` of a detector. */
  sentence?: string;
  /** Of the known set at each cut-point, by its name; as of `evaluate` of a detector. */
  falseAlarms?: Readonly<Record<string, ReportedShare>>;
  /** Of an OoD set at each cut-point, by its name; as of `evaluate` of a detector. */
  found?: Readonly<Record<string, ReportedShare>>;
}

/** The embedding as it learned: the same images after several epochs. */
export interface EmbeddingHistory {
  /** Of the training, such as its method: stands above its plot where two are compared. */
  name?: string;
  /** Which images: rows of the sets, by their names. */
  rows: Readonly<Record<string, ArrayLike<number>>>;
  /** For each epoch the embeddings of those rows, by the names of the sets. */
  epochs: readonly { epoch: number; embeddings: Readonly<Record<string, EmbeddingRows>> }[];
}

/** What a report is made of. */
export interface Report {
  title: string;
  /**
   * The result in one sentence, with which the page begins; as of `evaluate` of a detector. By default it is made of
   * the scores at the threshold.
   */
  sentence?: string;
  /** Of `evaluate`: its OoD sets are those of `out`. */
  evaluation: Evaluation;
  known: ReportSet;
  out: readonly ReportSet[];
  /** Name of each class, also of those that no image is of; `class 0`, ... otherwise. */
  classNames?: readonly string[];
  /** `score > threshold` means OoD; by default the threshold that keeps 95 % of the known images. */
  threshold?: number;
  history?: EmbeddingHistory;
  /** Another training's embeddings of the same rows after the same epochs: plays beside `history`, by one slider. */
  compareWith?: EmbeddingHistory;
  /** Configuration, seed, versions: shown as they are, lists and objects as text. */
  about?: Readonly<Record<string, Json>>;
}

const where = 'htmlReport';

const SETS: Rule = {
  expected: 'a list of sets',
  holds: (value: unknown) => Array.isArray(value) && value.every(OBJECT.holds),
};
const EVALUATION: Rule = {
  expected: 'what evaluate() returns',
  holds: (value: unknown) => OBJECT.holds((Object(value) as { sets?: never }).sets!),
};
const SHARES: Rule = {
  expected: '{ alpha, count, of, lower, upper } by the name of a cut-point, all numbers',
  holds: (value: unknown) =>
    OBJECT.holds(value as never) &&
    Object.values(value as Record<string, Partial<ReportedShare> | null>).every((share) =>
      (['alpha', 'count', 'of', 'lower', 'upper'] as const).every((name) => Number.isFinite(share?.[name])),
    ),
};

function checkSet(set: ReportSet, what: string): void {
  checkScores(where, `${what}.scores`, set.scores);
  const count = set.scores.length;
  const { labels, nearest, probabilities, embeddings } = set;
  if (probabilities) checkProbabilities(where, `${what}.probabilities`, probabilities);
  const lengths = {
    labels: labels?.length,
    nearest: nearest?.length,
    probabilities: probabilities?.shape[0],
    embeddings: embeddings?.shape?.[0],
  };
  for (const [name, length] of Object.entries({ ...lengths, images: set.images?.shape?.[0] })) {
    if (length === undefined || length === count) continue;
    throw new ShapeError(where, `${what}.${name}`, `${count} rows, one for each score`, length);
  }
  for (const name of ['labels', 'nearest'] as const) {
    checkLabels(where, set[name] ?? [], { what: `${what}.${name}`, expected: 'classes, whole numbers from 0' });
  }
  if (probabilities && labels) {
    const [, classes] = probabilities.shape;
    checkLabels(where, labels, { what: `${what}.labels`, below: classes });
  }
  if (set.sentence !== undefined) check(where, `${what}.sentence`, set.sentence, TEXT);
  for (const name of ['falseAlarms', 'found'] as const) {
    if (set[name] !== undefined) check(where, `${what}.${name}`, set[name], SHARES);
  }
  if (embeddings != null) checkRows(embeddings, `${what}.embeddings`);
  if (set.images != null) checkImages(set.images, `${what}.images`);
}

function checkRows({ data, shape }: EmbeddingRows, what: string): void {
  if (!(data instanceof Float32Array) || !Array.isArray(shape)) {
    throw new ArgumentError(where, what, '{ data, shape }, the data a Float32Array', { data, shape });
  }
  if (data.length !== shape[0] * shape[1] || shape[1] < 1) {
    throw new ShapeError(where, what, 'N x D numbers', `${data.length} for [${shape.join(', ')}]`);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new ArgumentError(where, what, 'finite numbers', `${data[bad]} at row ${Math.floor(bad / shape[1])}`);
}

function checkImages(set: ImageSet, what: string): void {
  const { images, shape } = set;
  if (!(images instanceof Uint8Array) || !Array.isArray(shape)) {
    throw new ArgumentError(where, what, '{ images, shape }, the images bytes', set);
  }
  const [count, height, width, channels] = shape;
  if ((channels === 1 || channels === 3) && images.length === count * height * width * channels) return;
  throw new ShapeError(where, what, '[N, H, W, 1 or 3] bytes', `${images.length} bytes for [${shape.join(', ')}]`);
}

function checkHistory(report: Report, part: 'history' | 'compareWith'): void {
  const history = report[part];
  if (!history) return;
  const sets = new Map([report.known, ...report.out].map((set) => [set.name, set]));
  for (const [name, rows] of Object.entries(history.rows)) {
    const set = sets.get(name);
    const what = `${part}.rows.${name}`;
    if (!set) throw new ArgumentError(where, what, `a set of ${[...sets.keys()].join(', ')}`, name);
    const count = set.scores.length;
    const wrong = Array.from(rows).find((row) => !Number.isSafeInteger(row) || row < 0 || row >= count);
    if (wrong === undefined) continue;
    throw new ArgumentError(where, what, `rows from 0 to ${count - 1}`, wrong);
  }
  let size: number | undefined;
  for (const { epoch, embeddings } of history.epochs) {
    for (const [name, rows] of Object.entries(history.rows)) {
      const found = embeddings[name];
      const what = `${part}.epochs (epoch ${epoch}).${name}`;
      size ??= found?.shape[1];
      if (found?.shape[0] !== rows.length || found.shape[1] !== size) {
        const received = found ? `[${found.shape.join(', ')}]` : 'none';
        throw new ShapeError(where, what, `[${rows.length}, ${size ?? 'D'}]`, received);
      }
      checkRows(found, what);
    }
  }
}

/** Two histories play together: of the same images, after the same epochs, each with its name. */
function checkCompared({ history, compareWith }: Report): void {
  if (!compareWith) return;
  if (!history) throw new ArgumentError(where, 'compareWith', 'left out where there is no history', 'some');
  check(where, 'history.name', history.name, TEXT);
  check(where, 'compareWith.name', compareWith.name, TEXT);
  const epochs = [history, compareWith].map((own) => own.epochs.map(({ epoch }) => epoch).join(', '));
  if (epochs[0] !== epochs[1]) throw new ArgumentError(where, 'compareWith.epochs', `those of history`, epochs[1]);
  for (const name of new Set([history, compareWith].flatMap(({ rows }) => Object.keys(rows)))) {
    const [own, other] = [history, compareWith].map(({ rows }) => Array.from(rows[name] ?? []).join());
    if (own === other) continue;
    throw new ArgumentError(where, `compareWith.rows.${name}`, 'those of history', compareWith.rows[name]);
  }
}

/** How many classes the images of a set are of, or are taken for. */
export function classesOf({ labels, nearest }: ReportSet): number {
  let classes = 0;
  for (const list of [labels, nearest]) {
    for (let i = 0; i < (list?.length ?? 0); i++) classes = Math.max(classes, list![i]! + 1);
  }
  return classes;
}

function checkClassNames({ classNames, known, out }: Report): void {
  if (classNames === undefined) return;
  const classes = Math.max(...[known, ...out].map(classesOf));
  if (!Array.isArray(classNames) || classNames.length < classes) {
    throw new ArgumentError(where, 'classNames', `a list of ${classes} names or more, one for each class`, classNames);
  }
  classNames.forEach((name, i) => check(where, `classNames[${i}]`, name, TEXT));
}

/** Throws unless a report can be made of it; the error names the part. */
export function checkReport(report: Report): void {
  check(where, 'report', report, OBJECT);
  if (report.sentence !== undefined) check(where, 'sentence', report.sentence, TEXT);
  check(where, 'known', report.known, OBJECT);
  check(where, 'out', report.out, SETS);
  check(where, 'evaluation', report.evaluation, EVALUATION);
  const names = [report.known, ...report.out].map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ArgumentError(where, 'out', 'sets of different names', `two of ${twice}`);
  }
  checkSet(report.known, 'known');
  report.out.forEach((set, i) => checkSet(set, `out[${i}]`));
  for (const { name } of report.out) {
    if (Object.hasOwn(report.evaluation.sets, name)) continue;
    throw new ArgumentError(where, 'evaluation.sets', 'the numbers of every OoD set', `none of ${name}`);
  }
  if (report.known.probabilities && !report.known.labels) {
    throw new ArgumentError(where, 'known.labels', 'given where probabilities are', 'none');
  }
  report.out.forEach(({ probabilities }, i) => {
    if (probabilities) throw new ArgumentError(where, `out[${i}].probabilities`, 'left out: no class is right', 'some');
  });
  checkClassNames(report);
  if (report.threshold !== undefined) check(where, 'threshold', report.threshold, FINITE);
  checkHistory(report, 'history');
  checkHistory(report, 'compareWith');
  checkCompared(report);
}
