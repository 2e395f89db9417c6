import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ClassMeans, classMeanScorer } from 'tfjs-ood';
import { classAccuracy } from 'tfjs-ood/metrics';
import { fitOutputDetector, type DetectorOptions } from 'tfjs-ood/detector';
import type { ImageSet } from 'tfjs-ood/datasets';
import { featuresOf, fitDetector, gatherImages } from 'tfjs-ood/layers';
import type { Sets } from './experiment';
import type { Method } from './methods';

/** What one scorer around one trained network says of every test image. */
export interface ScoredSets {
  scorer: string;
  /** Share of the known test images that get their own class. */
  accuracy: number;
  known: Float64Array;
  /** By the names of the sets. */
  out: Record<string, Float64Array>;
}

const BLOCK = 128;
/** Training images that fit a scorer, besides class means, which take all. */
const MOST_FITTED = 5000;

interface Outputs {
  features: { data: Float32Array; shape: [number, number] };
  logits: { data: Float32Array; shape: [number, number] };
}

/** Features and logits of a set, by one pass through the model; an embedding is both. */
async function outputsOf(model: LayersModel, method: Method, set: ImageSet): Promise<Outputs> {
  const reader = featuresOf(model);
  const parts: Record<keyof Outputs, Float32Array[]> = { features: [], logits: [] };
  for (let at = 0; at < set.shape[0]; at += BLOCK) {
    const rows = Int32Array.from({ length: Math.min(BLOCK, set.shape[0] - at) }, (_, i) => at + i);
    const found = tf.tidy(() => reader.run(gatherImages(set, rows)));
    for (const name of ['features', 'logits'] as const) parts[name].push(await found[name].data<'float32'>());
    tf.dispose(found);
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
  return { logits, features: method.outputs === 'embedding' ? logits : joined(parts.features) };
}

/** At most `count` images, evenly spaced: of each class as many as there are. */
const everyFew = (set: Sets['known']['train'], count: number) => {
  const [n, ...rest] = set.shape;
  const step = Math.ceil(n / count);
  const rows = Array.from({ length: Math.floor((n + step - 1) / step) }, (_, i) => i * step);
  const each = rest[0] * rest[1] * rest[2];
  const images = new Uint8Array(rows.length * each);
  rows.forEach((row, i) => images.set(set.images.subarray(row * each, (row + 1) * each), i * each));
  return { images, shape: [rows.length, ...rest] as const, labels: Int32Array.from(rows, (row) => set.labels[row]!) };
};

/** The distance to the nearest class mean of all training images: score and class. */
async function nearestMean({ features, labels }: Outputs & { labels: Int32Array }) {
  const means = new ClassMeans();
  await means.add(features, labels);
  return classMeanScorer(means);
}

/** Every scorer of a method around its network, on every test set. */
export async function scoreAll(model: LayersModel, method: Method, { known, out }: Sets): Promise<ScoredSets[]> {
  const isEmbedding = method.outputs === 'embedding';
  const train = everyFew(known.train, isEmbedding ? known.train.shape[0] : MOST_FITTED);
  const fitted = { ...(await outputsOf(model, method, train)), labels: train.labels };
  const inside = await outputsOf(model, method, known.test);
  const outside: [string, ImageSet, Outputs][] = [];
  for (const { name, images } of out) outside.push([name, images, await outputsOf(model, method, images)]);
  if (isEmbedding) {
    const scorer = await nearestMean(fitted);
    const { labels, scores } = await scorer.classify(inside.features);
    const found: Record<string, Float64Array> = {};
    for (const [name, , { features }] of outside) found[name] = Float64Array.from(await scorer.score(features));
    scorer.dispose();
    const accuracy = classAccuracy(labels, known.test.labels);
    return [{ scorer: 'class mean', accuracy, known: Float64Array.from(scores), out: found }];
  }
  const results: ScoredSets[] = [];
  const accuracy = classAccuracy(largestOf(inside.logits), known.test.labels);
  for (const [scorer, make] of Object.entries(method.scorers)) {
    const { scoresOf, dispose } = await fitScorer(model, make(), train, fitted);
    const found: Record<string, Float64Array> = {};
    for (const [name, images, outputs] of outside) found[name] = await scoresOf(images, outputs);
    results.push({ scorer, accuracy, known: await scoresOf(known.test, inside), out: found });
    dispose();
  }
  return results;
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
