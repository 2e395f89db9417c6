import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  auroc,
  averagePrecision,
  ClassMeans,
  classMeanScorer,
  detectionError,
  fprAtTpr,
  gridMetrics,
  odinStyleMetrics,
} from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { embed } from 'tfjs-ood/layers';
import type { Config } from './config';
import { sample, type ExperimentData } from './data';

export interface OutResult {
  set: string;
  seen: boolean;
  images: number;
  auroc: number;
  auprIn: number;
  auprOut: number;
  /** Share of OoD images that pass where 95 % of the known ones do. */
  fprAt95Tpr: number;
  detectionError: number;
  odinStyle: ReturnType<typeof odinStyleMetrics>;
  grid: ReturnType<typeof gridMetrics>;
}

export interface Results {
  known: { set: string; images: number; accuracy: number };
  out: OutResult[];
}

export interface ImageScores {
  set: string;
  /** Class of each image, -1 for OoD. */
  labels: Int32Array;
  nearest: Int32Array;
  scores: Float32Array;
}

/** Class means of the training images; score of every test image; the metrics of each OoD set. */
export async function evaluate(
  config: Config,
  data: ExperimentData,
  model: LayersModel,
  onProgress: (done: number, total: number) => void,
): Promise<{ results: Results; scores: ImageScores[] }> {
  const { known, out } = data;
  const train = sample(known.train, config.evaluateAtMost, config.seed);
  const total = [train, known.test, ...out.map((set) => set.images)].reduce((sum, set) => sum + set.shape[0], 0);
  let done = 0;
  const embedAll = async (set: ImageSet) => {
    const embeddings = await embed(model, set, { onProgress: (rows) => onProgress(done + rows, total) });
    done += set.shape[0];
    return embeddings;
  };

  const means = new ClassMeans();
  await means.add(await embedAll(train), train.labels);
  const scorer = classMeanScorer(means);
  try {
    const inside = await scorer.classify(await embedAll(known.test));
    const right = inside.labels.reduce((sum, label, i) => sum + (label === known.test.labels[i] ? 1 : 0), 0);
    const scores: ImageScores[] = [
      { set: known.name, labels: known.test.labels, nearest: inside.labels, scores: inside.scores },
    ];
    const rows: OutResult[] = [];
    for (const { name, seen, images } of out) {
      const outside = await scorer.classify(await embedAll(images));
      const count = images.shape[0];
      scores.push({
        set: name,
        labels: new Int32Array(count).fill(-1),
        nearest: outside.labels,
        scores: outside.scores,
      });
      const [a, b] = [inside.scores, outside.scores];
      rows.push({
        set: name,
        seen,
        images: count,
        auroc: auroc(a, b),
        auprIn: averagePrecision(a, b, { positive: 'in' }),
        auprOut: averagePrecision(a, b, { positive: 'out' }),
        fprAt95Tpr: fprAtTpr(a, b, { tpr: 0.95, positive: 'in' }),
        detectionError: detectionError(a, b),
        odinStyle: odinStyleMetrics(a, b),
        grid: gridMetrics(a, b),
      });
    }
    const accuracy = right / known.test.shape[0];
    return { results: { known: { set: known.name, images: known.test.shape[0], accuracy }, out: rows }, scores };
  } finally {
    scorer.dispose();
  }
}

/** The results as a Markdown table, which reads well in a terminal too. */
export function resultsTable({ known, out }: Results): string {
  const head = ['OoD set', 'images', 'AUROC', 'AUPR-in', 'AUPR-out', 'FPR at 95 % TPR', 'detection error'];
  const rows = out.map((row) => [
    `${row.set} (${row.seen ? 'seen' : 'unseen'})`,
    String(row.images),
    ...[row.auroc, row.auprIn, row.auprOut, row.fprAt95Tpr, row.detectionError].map((value) => value.toFixed(4)),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => `${'-'.repeat(width + 1)}${i === 0 ? '-' : ':'}`).join('|')}|`;
  const accuracy = `Known: ${known.set}, ${known.images} test images, accuracy ${known.accuracy.toFixed(4)} (nearest class mean)`;
  return [accuracy, '', line(head), rule, ...rows.map(line)].join('\n');
}

/** One line an image: set, index in the set, its class (-1: OoD), the nearest class, the score (higher = more OoD). */
export function scoresCsv(scores: readonly ImageScores[]): string {
  const lines = ['set,index,label,nearest,score'];
  for (const { set, labels, nearest, scores: values } of scores) {
    values.forEach((score, i) => lines.push(`${set},${i},${labels[i]},${nearest[i]},${score}`));
  }
  return `${lines.join('\n')}\n`;
}
