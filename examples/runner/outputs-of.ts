import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { unitRows } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { embed, featuresOf } from 'tfjs-ood/detector';
import { gatherImages } from 'tfjs-ood/training';
import type { Training } from './experiment';
import type { Method } from './methods';
import { shiftedViews } from './shifted-views';

interface Rows {
  data: Float32Array;
  shape: [number, number];
}

/** What a network makes of images: of an embedding network both are the embedding. */
export interface Outputs {
  features: Rows;
  logits: Rows;
}

const BLOCK = 128;

/** Embeddings of images as the loss sees them. */
export async function embeddingsOf(
  model: LayersModel,
  { unitLength = false }: Pick<Training, 'unitLength'>,
  set: ImageSet,
  onProgress?: (done: number) => void,
): Promise<Rows> {
  const embeddings = await embed(model, set, { ...(onProgress && { onProgress }) });
  if (!unitLength) return embeddings;
  const unit = tf.tidy(() => unitRows(tf.tensor2d(embeddings.data, embeddings.shape)));
  const data = await unit.data<'float32'>();
  unit.dispose();
  return { ...embeddings, data };
}

/** Features and logits of a classifier by one pass through the model. */
async function classifierOutputs(
  model: LayersModel,
  set: ImageSet,
  onProgress: (done: number) => void,
): Promise<Outputs> {
  const reader = featuresOf(model);
  const parts: Record<keyof Outputs, Float32Array[]> = { features: [], logits: [] };
  for (let at = 0; at < set.shape[0]; at += BLOCK) {
    const rows = Int32Array.from({ length: Math.min(BLOCK, set.shape[0] - at) }, (_, i) => at + i);
    const found = tf.tidy(() => reader.run(gatherImages(set, rows)));
    for (const name of ['features', 'logits'] as const) parts[name].push(await found[name].data<'float32'>());
    tf.dispose(found);
    onProgress(at + rows.length);
  }
  const joined = (arrays: Float32Array[]): Rows => {
    const data = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let done = 0;
    for (const array of arrays) {
      data.set(array, done);
      done += array.length;
    }
    return { data, shape: [set.shape[0], data.length / set.shape[0]] };
  };
  return { logits: joined(parts.logits), features: joined(parts.features) };
}

function meanOf(rows: readonly Rows[]): Rows {
  const [first] = rows;
  if (rows.length === 1) return first!;
  const data = first!.data.map((_, i) => rows.reduce((sum, { data: own }) => sum + own[i]!, 0) / rows.length);
  return { data, shape: first!.shape };
}

/** What the network makes of a set: with `viewShift` the mean over the images and their moved views. */
export async function outputsOf(
  model: LayersModel,
  method: Method,
  training: Pick<Training, 'unitLength' | 'viewShift'>,
  set: ImageSet,
  onProgress: (done: number) => void,
): Promise<Outputs> {
  const views: Outputs[] = [];
  const all = shiftedViews(set, training.viewShift ?? 0);
  for (const [v, view] of all.entries()) {
    const say = (done: number) => onProgress(Math.floor((v * set.shape[0] + done) / all.length));
    if (method.outputs === 'embedding') {
      const embeddings = await embeddingsOf(model, training, view, say);
      views.push({ features: embeddings, logits: embeddings });
    } else views.push(await classifierOutputs(model, view, say));
  }
  const logits = meanOf(views.map((own) => own.logits));
  return { logits, features: method.outputs === 'embedding' ? logits : meanOf(views.map((own) => own.features)) };
}
