import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ClassMeans, nearestClassMean } from 'tfjs-ood';
import { classAccuracy } from 'tfjs-ood/metrics';
import { fitOutputDetector, type DetectorOptions } from 'tfjs-ood/detector';
import type { ImageSet } from 'tfjs-ood/datasets';
import { fitDetector } from 'tfjs-ood/detector';
import { testSets, type Sets, type Training } from './experiment';
import type { Method } from './methods';
import { outputsOf, type Outputs } from './outputs-of';
import { takeRows } from './take-rows';

/** What one scorer around one trained network says of every test image. */
export interface ScoredSets {
  scorer: string;
  /** Share of the known test images that get their own class. */
  accuracy: number;
  known: Float64Array;
  /** By the names of the sets. */
  out: Record<string, Float64Array>;
}

/** What the network makes of each image of a test set, whatever scores it. */
export interface Answers {
  /** Embeddings, or logits. */
  outputs: Outputs['logits'];
  /** The class that it takes each image for. */
  nearest: ArrayLike<number>;
}

/** A trained network's scorers, and its answers in the order of `testSets`. */
export interface Scored {
  scorers: ScoredSets[];
  answers: Answers[];
}

/** Name of the distance to the nearest class mean. */
export const CLASS_MEAN = 'class mean';

/** Training images that fit a scorer, besides class means, which take all. */
export const MOST_FITTED = 5000;

/** At most `count` images, evenly spaced: of each class as many as there are. */
const everyFew = (set: Sets['known']['train'], count: number) => {
  const step = Math.ceil(set.shape[0] / count);
  return takeRows(
    set,
    Array.from({ length: Math.ceil(set.shape[0] / step) }, (_, i) => i * step),
  );
};

/** The distance to the nearest class mean of all training images: score and class. */
async function nearestMean({ features, labels }: Outputs & { labels: Int32Array }) {
  const means = new ClassMeans();
  await means.add(features, labels);
  return nearestClassMean().of(means);
}

/** Every scorer of a method around its network, on every test set. */
export async function scoreAll(
  model: LayersModel,
  method: Method,
  training: Training,
  sets: Sets,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Scored> {
  const isEmbedding = method.outputs === 'embedding';
  const { train: all, test } = sets.known;
  const train = everyFew(all, isEmbedding ? all.shape[0] : MOST_FITTED);
  const tested = testSets(sets);
  const total = tested.reduce((sum, { images }) => sum + images.shape[0], train.shape[0]);
  let done = 0;
  const outputs = async (set: ImageSet) => {
    const own = await outputsOf(model, method, training, set, (images) => onProgress(done + images, total));
    done += set.shape[0];
    return own;
  };
  const fitted = { ...(await outputs(train)), labels: train.labels };
  const found: (Outputs & { images: ImageSet })[] = [];
  for (const { images } of tested) found.push({ images, ...(await outputs(images)) });
  const scoredSets = (scorer: string, nearest: ArrayLike<number>, [known, ...out]: Float64Array[]): ScoredSets => ({
    scorer,
    accuracy: classAccuracy(nearest, test.labels),
    known: known!,
    out: Object.fromEntries(sets.out.map(({ name }, i) => [name, out[i]!])),
  });

  if (isEmbedding) {
    const scorer = await nearestMean(fitted);
    const [answers, scores]: [Answers[], Float64Array[]] = [[], []];
    for (const { features } of found) {
      const { labels, scores: own } = await scorer.classify({ features });
      answers.push({ outputs: features, nearest: labels });
      scores.push(Float64Array.from(own));
    }
    scorer.dispose();
    return { scorers: [scoredSets(CLASS_MEAN, answers[0]!.nearest, scores)], answers };
  }
  const answers = found.map(({ logits }) => ({ outputs: logits, nearest: largestOf(logits) }));
  const scorers: ScoredSets[] = [];
  for (const [scorer, make] of Object.entries(method.scorers)) {
    const { scoresOf, dispose } = await fitScorer(model, make(), train, fitted);
    const scores: Float64Array[] = [];
    for (const { images, ...own } of found) scores.push(await scoresOf(images, own));
    scorers.push(scoredSets(scorer, answers[0]!.nearest, scores));
    dispose();
  }
  return { scorers, answers };
}

/** A scorer on outputs that are there already; ODIN, which needs the images, around the model. */
async function fitScorer(
  model: LayersModel,
  scorer: DetectorOptions['scorer'],
  train: Sets['known']['train'],
  fitted: Outputs & { labels: Int32Array },
) {
  const isOdin = scorer.kind === 'odin';
  // Scores alone are wanted: those of one scorer, however few the images
  const options = { scorer, calibration: 'held-out', acceptNoAlarm: true } as const;
  const around = isOdin ? await fitDetector(model, { images: train, labels: train.labels }, options) : undefined;
  const behind = isOdin ? undefined : await fitOutputDetector(fitted, options);
  return {
    async scoresOf(images: ImageSet, outputs: Outputs): Promise<Float64Array> {
      const verdicts = around ? await around.predict(images) : await behind!.predict(outputs);
      return Float64Array.from(verdicts, ({ score }) => score);
    },
    dispose: () => (around ?? behind!).dispose(),
  };
}

/** Index of the largest number of each row. */
function largestOf({ data, shape: [rows, columns] }: Outputs['logits']): number[] {
  return Array.from({ length: rows }, (_, r) => {
    const row = data.subarray(r * columns, (r + 1) * columns);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
}
