import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from 'tfjs-ood';
import type { ModelReader } from 'tfjs-ood/detector';
import { expect } from 'vitest';
import { expectClose } from '../expect-close';

/** How many images the models are tried on. */
export const COUNT = 4;

/** Images [4, 6, 6, 1]. */
export function images(): tf.Tensor4D {
  const random = seededRandom(9);
  return tf.tensor4d(
    Float32Array.from({ length: COUNT * 36 }, () => random.uniform()),
    [COUNT, 6, 6, 1],
  );
}

/** The model's own tensors at these nodes, as numbers. */
export async function valuesAt(model: GraphModel, ...names: string[]): Promise<Float32Array[]> {
  const x = images();
  const given = [model.execute(x, names)].flat();
  const numbers = await Promise.all(given.map((tensor) => tensor.data<'float32'>()));
  tf.dispose([x, ...given]);
  return numbers;
}

/** What a reader gives, as numbers. */
export async function valuesOf(reader: ModelReader) {
  const x = images();
  const { features, logits } = await Promise.resolve(x)
    .then(reader.run)
    .finally(() => x.dispose());
  const result = {
    features: await features.data<'float32'>(),
    logits: await logits.data<'float32'>(),
    width: logits.shape[1],
  };
  tf.dispose([features, logits]);
  return result;
}

/** Throws unless the head makes these logits of these features. */
export async function expectHead(reader: ModelReader) {
  const { features, logits, width } = await valuesOf(reader);
  const { weights, bias, shape } = (await reader.head())!;
  expect(shape).toEqual([features.length / COUNT, width]);
  const [size, classes] = shape;
  const again = Float32Array.from({ length: COUNT * classes }, (_, i) => {
    const [row, c] = [Math.floor(i / classes), i % classes];
    let sum = bias[c]!;
    for (let d = 0; d < size; d++) sum += features[row * size + d]! * weights[d * classes + c]!;
    return sum;
  });
  expectClose(again, logits, { absolute: 1e-4 });
}
