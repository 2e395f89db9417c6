import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { FormatError } from 'tfjs-ood';
import { describeDetector, fitDetector, fitOutputDetector } from 'tfjs-ood/detector';
import { detectorToOnnx } from 'tfjs-ood/onnx';
import { energy, mahalanobis } from 'tfjs-ood/scorers';

beforeAll(() => tf.setBackend('cpu'));

const logits = { data: Float32Array.from({ length: 300 }, (_, i) => Math.sin(i)), shape: [100, 3] as const };
const labels = Int32Array.from({ length: 100 }, (_, i) => i % 3);

test('of outputs: scorer, rates, names, calibration; and what is exported', async () => {
  const classNames = ['a', 'b', 'c'];
  const options = { scorer: energy(), alpha: 0.1, cutPoints: { strict: 0.05 }, confidence: 0.5, classNames };
  const detector = await fitOutputDetector({ logits }, options);
  const bytes = detector.toBytes();
  const about = describeDetector(bytes);
  expect(about).toMatchObject({
    kind: 'energy',
    options: { temperature: 1 },
    cutPoints: { default: 0.1, strict: 0.05 },
    confidence: 0.5,
    classNames,
    widths: { logits: 3 },
    around: 'outputs',
    byteLength: bytes.length,
  });
  expect(about.calibration).toEqual(detector.calibration);
  expect(detectorToOnnx(about)).toEqual(detectorToOnnx(detector));
});

test('of a model: names, shape and what becomes of pictures; no tensor is made', async () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [2, 2, 3] }),
      tfl.layers.dense({ units: 4, name: 'hidden' }),
      tfl.layers.dense({ units: 3 }),
    ],
  });
  const images = { images: Uint8Array.from({ length: 1200 }, (_, i) => (i * 37) % 256), shape: [100, 2, 2, 3], labels };
  const options = { scorer: mahalanobis(), features: 'hidden', input: '-1..1' } as const;
  const bytes = (await fitDetector(model, images, options)).toBytes();
  const before = tf.memory().numTensors;
  const about = describeDetector(bytes);
  expect(tf.memory().numTensors).toBe(before);
  expect(about).toMatchObject({ around: 'model', names: { features: 'hidden' }, imageShape: [2, 2, 3] });
  expect(about.input).toMatchObject({ scale: [2 / 255], offset: [-1], size: null });
  const run = { run: (x: tf.Tensor) => ({ features: tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1]) }) };
  expect(describeDetector((await fitDetector(run, images, { scorer: mahalanobis() })).toBytes()).around).toBe(
    'function',
  );
});

test('what is no detector', () => {
  expect(() => describeDetector(Uint8Array.of(1, 2, 3))).toThrow(FormatError);
});
