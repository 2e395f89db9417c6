import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ClassMeans, classMeanScorer } from 'tfjs-ood';
import { classAccuracy } from 'tfjs-ood/metrics';
import { fitOutputDetector, type DetectorOptions } from 'tfjs-ood/detector';
import type { ImageSet } from 'tfjs-ood/datasets';
import { embed, featuresOf, fitDetector, gatherImages } from 'tfjs-ood/layers';
import { testSets, type Sets } from './experiment';
import type { Method } from './methods';
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

const BLOCK = 128;
/** Training images that fit a scorer, besides class means, which take all. */
const MOST_FITTED = 5000;

interface Outputs {
  features: { data: Float32Array; shape: [number, number] };
  logits: { data: Float32Array; shape: [number, number] };
}

/** Features and logits of a set, by one pass through the model; an embedding is both. */
async function outputsOf(
  model: LayersModel,
  method: Method,
  set: ImageSet,
  onProgress: (done: number) => void,
): Promise<Outputs> {
  if (method.outputs === 'embedding') {
    const embeddings = await embed(model, set, { onProgress });
    return { features: embeddings, logits: embeddings };
  }
  const reader = featuresOf(model);
  const parts: Record<keyof Outputs, Float32Array[]> = { features: [], logits: [] };
  for (let at = 0; at < set.shape[0]; at += BLOCK) {
    const rows = Int32Array.from({ length: Math.min(BLOCK, set.shape[0] - at) }, (_, i) => at + i);
    const found = tf.tidy(() => reader.run(gatherImages(set, rows)));
    for (const name of ['features', 'logits'] as const) parts[name].push(await found[name].data<'float32'>());
    tf.dispose(found);
    onProgress(at + rows.length);
  }
  const joined = (arrays: Float32Array[]) => {
    const data = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let done = 0;
    for (const array of arrays) {
      data.set(array, done);
      done += array.length;
    }
    return { data, shape: [set.shape[0], data.length / set.shape[0]] as [number, number] };
  };
  const logits = joined(parts.logits);
  return { logits, features: joined(parts.features) };
}

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
  return classMeanScorer(means);
}

/** Every scorer of a method around its network, on every test set. */
export async function scoreAll(
  model: LayersModel,
  method: Method,
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
    const own = await outputsOf(model, method, set, (images) => onProgress(done + images, total));
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
      const { labels, scores: own } = await scorer.classify(features);
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
  const around = isOdin ? await fitDetector(model, { images: train, labels: train.labels }, { scorer }) : undefined;
  const behind = isOdin ? undefined : await fitOutputDetector(fitted, { scorer });
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
