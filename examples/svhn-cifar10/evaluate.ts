import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ClassMeans, classMeanScorer } from 'tfjs-ood';
import {
  classAccuracy,
  evaluate as evaluateScores,
  evaluationTable,
  gridMetrics,
  odinStyleMetrics,
  type Evaluation,
} from 'tfjs-ood/metrics';
import type { ImageSet } from 'tfjs-ood/datasets';
import { embed } from 'tfjs-ood/layers';
import type { Config } from './config';
import { sample, type ExperimentData } from './data';

export interface Results {
  /** The known set and how many of its test images were taken. */
  known: { set: string; images: number };
  /** Accuracy, every OoD set, and the seen and unseen ones as groups. */
  evaluation: Evaluation;
  /** Per OoD set the two metric sets of the authors' code, for comparison with the paper. */
  authors: Record<string, { odinStyle: ReturnType<typeof odinStyleMetrics>; grid: ReturnType<typeof gridMetrics> }>;
}

export interface ImageScores {
  set: string;
  images: ImageSet;
  embeddings: { data: Float32Array; shape: readonly [number, number] };
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
    const scoreAll = async (set: string, images: ImageSet, labels: Int32Array): Promise<ImageScores> => {
      const embeddings = await embedAll(images);
      const { labels: nearest, scores: found } = await scorer.classify(embeddings);
      return { set, images, embeddings, labels, nearest, scores: found };
    };
    const inside = await scoreAll(known.name, known.test, known.test.labels);
    const scores = [inside];
    for (const { name, images } of out) {
      scores.push(await scoreAll(name, images, new Int32Array(images.shape[0]).fill(-1)));
    }
    const outSets = scores.slice(1);
    const named = (seen: boolean) => out.filter((set) => set.seen === seen).map(({ name }) => name);
    const groups = Object.entries({ seen: named(true), unseen: named(false) }).filter(([, names]) => names.length > 0);
    const evaluation = evaluateScores(
      { in: inside.scores, out: Object.fromEntries(outSets.map((set) => [set.set, set.scores])) },
      {
        groups: Object.fromEntries(groups),
        name: config.loss,
        accuracy: classAccuracy(inside.nearest, known.test.labels),
        about: { in: known.name, seed: config.seed },
      },
    );
    const authors = outSets.map(({ set, scores: outScores }) => {
      const [odinStyle, grid] = [odinStyleMetrics(inside.scores, outScores), gridMetrics(inside.scores, outScores)];
      return [set, { odinStyle, grid }] as const;
    });
    const results = {
      known: { set: known.name, images: known.test.shape[0] },
      evaluation,
      authors: Object.fromEntries(authors),
    };
    return { results, scores };
  } finally {
    scorer.dispose();
  }
}

/** The results as a Markdown table, which reads well in a terminal too. */
export function resultsTable({ known, evaluation }: Results): string {
  const accuracy = evaluation.accuracy!.toFixed(4);
  const title = `Known: ${known.set}, ${known.images} test images, accuracy ${accuracy} (nearest class mean)`;
  const columns = ['outCount', 'auroc', 'auprIn', 'auprOut', 'fprAt95TprInPositive', 'detectionError'] as const;
  return `${title}\n\n${evaluationTable(evaluation, { columns, interval: true })}`;
}

/** One line an image: set, index in the set, its class (-1: OoD), the nearest class, the score (higher = more OoD). */
export function scoresCsv(scores: readonly Omit<ImageScores, 'images' | 'embeddings'>[]): string {
  const lines = ['set,index,label,nearest,score'];
  for (const { set, labels, nearest, scores: values } of scores) {
    values.forEach((score, i) => lines.push(`${set},${i},${labels[i]},${nearest[i]},${score}`));
  }
  return `${lines.join('\n')}\n`;
}
