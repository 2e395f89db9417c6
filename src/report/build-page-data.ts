import { precisionRecallCurve, rocCurve } from '../metrics/index';
import { seededRandom } from '../core/random';
import { readOptions } from '../core/read-options';
import { thresholdAtTpr } from '../thresholds/index';
import { confusionOf } from './confusion';
import { imageAtlas } from './image-atlas';
import { worstRows } from './mistakes';
import type { MistakeGroup, PageData, PageSet, Points } from './page-data';
import { linearView, umapView, type Frames } from './points/point-views';
import { reliabilityOf } from './charts/reliability-bins';
import { checkReport, classesOf, type Report, type ReportSet } from './report';
import { REPORT_OPTIONS, type ReportOptions } from './report-options';

/** Most classes for which a confusion matrix can be read. */
const LARGEST_CONFUSION = 100;
const CURVE_POINTS = 400;

function pageSet(known: ReportSet, set: ReportSet): PageSet {
  const scores = Float32Array.from(set.scores);
  if (set === known) return { name: set.name, scores };
  const roc = rocCurve(known.scores, set.scores, { points: CURVE_POINTS });
  const found = precisionRecallCurve(known.scores, set.scores, { points: CURVE_POINTS });
  const end = found.recall.indexOf(1) + 1; // behind it precision falls at no gain
  return {
    name: set.name,
    scores,
    roc: { x: Float32Array.from(roc.fpr), y: Float32Array.from(roc.tpr), area: roc.area },
    precisionRecall: {
      x: Float32Array.from(found.recall.subarray(0, end)),
      y: Float32Array.from(found.precision.subarray(0, end)),
      area: found.averagePrecision,
    },
  };
}

/** Some rows of each set, drawn by the seed: half of the points known, the others shared among the OoD sets. */
function drawRows(sets: readonly ReportSet[], most: number, seed: number): Int32Array[] {
  const share = (i: number) =>
    Math.floor(sets.length === 1 || i === 0 ? most / Math.min(2, sets.length) : most / 2 / (sets.length - 1));
  return sets.map((set, i) => {
    const count = set.embeddings ? set.scores.length : 0;
    if (count <= share(i)) return Int32Array.from({ length: count }, (_, row) => row);
    return seededRandom(seed, 30, i).permutation(count).slice(0, share(i)).sort();
  });
}

const takeRows = (data: Float32Array, size: number, rows: Int32Array) => {
  const taken = new Float32Array(rows.length * size);
  rows.forEach((row, i) => taken.set(data.subarray(row * size, (row + 1) * size), i * size));
  return taken;
};

function concat(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let done = 0;
  for (const part of parts) {
    whole.set(part, done);
    done += part.length;
  }
  return whole;
}

/** Rows of each set and their embeddings, of the history where there is one. */
function framesOf(
  report: Report,
  sets: readonly ReportSet[],
  { points, seed }: Required<Pick<ReportOptions, 'points' | 'seed'>>,
) {
  const { history } = report;
  if (history && history.epochs.length > 0) {
    const rows = sets.map(({ name }) => Int32Array.from(history.rows[name] ?? []));
    const tracked = sets.filter((_, i) => rows[i]!.length > 0).map(({ name }) => name);
    const size = history.epochs[0]!.embeddings[tracked[0]!]!.shape[1];
    const data = history.epochs.map(({ embeddings }) => concat(tracked.map((name) => embeddings[name]!.data)));
    return { rows, frames: { size, epochs: history.epochs.map(({ epoch }) => epoch), data } satisfies Frames };
  }
  const size = report.known.embeddings?.shape[1];
  if (size === undefined) return undefined;
  const alike = sets.map((set) => (set.embeddings?.shape[1] === size ? set : { ...set, embeddings: undefined! }));
  const rows = drawRows(alike, points, seed);
  const data = concat(rows.map((taken, i) => takeRows(alike[i]!.embeddings?.data ?? new Float32Array(0), size, taken)));
  return { rows, frames: { size, epochs: [-1], data: [data] } satisfies Frames };
}

/** Everything that the page and the figures show. */
export async function buildPageData(report: Report, given: ReportOptions = {}): Promise<PageData> {
  const options = readOptions('htmlReport', given, REPORT_OPTIONS);
  checkReport(report);
  const { seed } = options;
  const sets = [report.known, ...report.out];
  const threshold = report.threshold ?? thresholdAtTpr(report.known.scores, { tpr: 0.95 }).threshold;

  // Every image gets a cell of the atlas once, mistakes first.
  const cells = new Map<string, number>();
  const wanted: { images: NonNullable<ReportSet['images']>; row: number }[] = [];
  const cellOf = (set: number, row: number): number => {
    const { images } = sets[set]!;
    const key = `${set}/${row}`;
    if (!images) return -1;
    if (!cells.has(key)) {
      if (wanted.length >= options.images) return -1;
      cells.set(key, wanted.length);
      wanted.push({ images, row });
    }
    return cells.get(key)!;
  };

  const mistakes = sets.map((set, i): MistakeGroup => {
    const kind = i === 0 ? 'alarm' : 'miss';
    const items = worstRows(set.scores, threshold, kind, options.mistakes).map((row) => ({
      row,
      score: set.scores[row]!,
      label: set.labels?.[row] ?? -1,
      nearest: set.nearest?.[row] ?? -1,
      cell: cellOf(i, row),
    }));
    return { kind, set: i, items };
  });

  const found = framesOf(report, sets, options);
  let points: Points | undefined;
  if (found && found.frames.data[0]!.length > 0) {
    const places = found.rows.flatMap((rows, set) => Array.from(rows, (row) => ({ set, row })));
    // A spread of images over all points rather than those of the first sets.
    const cell = new Int32Array(places.length).fill(-1);
    for (const p of seededRandom(seed, 32).permutation(places.length)) cell[p] = cellOf(places[p]!.set, places[p]!.row);
    const numbers = (of: (set: ReportSet, row: number) => number) =>
      Int32Array.from(places, ({ set, row }) => of(sets[set]!, row));
    points = {
      set: Int32Array.from(places, ({ set }) => set),
      row: Int32Array.from(places, ({ row }) => row),
      label: numbers((set, row) => set.labels?.[row] ?? -1),
      nearest: numbers((set, row) => set.nearest?.[row] ?? -1),
      score: Float32Array.from(places, ({ set, row }) => sets[set]!.scores[row]!),
      cell,
      views: [linearView(found.frames)],
    };
    const { history, compareWith } = report;
    if (compareWith) {
      const { frames } = framesOf({ ...report, history: compareWith }, sets, options)!;
      points.beside = { names: [history!.name!, compareWith.name!], view: linearView(frames) };
    }
    if (options.umap && found.frames.size > 3) points.views.push(await umapView(found.frames, seed));
  }

  const { labels, nearest, probabilities } = report.known;
  const confusion = labels && nearest && confusionOf(labels, nearest);
  const atlas = await imageAtlas(wanted, options.encodeImage);
  const classes = report.classNames?.length ?? Math.max(...sets.map(classesOf));
  return {
    title: report.title,
    classNames: Array.from({ length: classes }, (_, label) => report.classNames?.[label] ?? `class ${label}`),
    threshold,
    sets: sets.map((set) => pageSet(report.known, set)),
    mistakes: mistakes.filter(({ items }) => items.length > 0),
    ...(confusion && confusion.classes <= LARGEST_CONFUSION && { confusion }),
    ...(probabilities && labels && { reliability: reliabilityOf(probabilities, labels) }),
    ...(points && { points }),
    ...(atlas && { atlas }),
  };
}
