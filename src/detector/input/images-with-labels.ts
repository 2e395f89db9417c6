import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from '../../core/errors';
import { isRecord } from '../../core/saved/json';
import { shownGiven, type ModelImages, type ShapedImages } from './given-images';

/** What to do with what is no `{ images, labels }`. */
function wayOut(data: unknown): string {
  const { train, test, then } = (data ?? {}) as Record<string, unknown>;
  if (typeof then === 'function') return ' (await it)';
  if (train !== undefined || test !== undefined) return ' (pass its .train)';
  return data instanceof tf.Tensor || Array.isArray(data) || ArrayBuffer.isView(data) ? ' (pass { images: ... })' : '';
}

/** Images and labels of `{ images, labels }`, or of what a loader returned as it is. */
export function imagesWithLabels<Labels>(
  where: string,
  data: { readonly images: ModelImages; readonly labels?: Labels } | (ShapedImages & { readonly labels?: Labels }),
): { images: ModelImages; labels: Labels | undefined } {
  const way = wayOut(data);
  if (!isRecord(data) || way) {
    const received = typeof (data as Partial<Promise<unknown>>)?.then === 'function' ? 'a promise' : shownGiven(data);
    throw new ArgumentError(where, 'data', `{ images, labels }${way}`, received);
  }
  const isShaped = 'shape' in data || 'dims' in data;
  return { images: isShaped ? data : (data as { images: ModelImages }).images, labels: data.labels };
}
