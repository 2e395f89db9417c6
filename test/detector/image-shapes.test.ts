import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, FormatError, ShapeError } from 'tfjs-ood';
import { energy } from 'tfjs-ood/scorers';
import { featuresOf, fitDetector, loadDetector } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';
import { graphModel } from './graph-model';

const { layers } = tfl;
const labels = Int32Array.from({ length: 30 }, (_, i) => i % 3);
const data = (...shape: [number, number, number]) => ({ images: tf.randomUniform([30, ...shape], 0, 1), labels });

/** A model of global average pooling takes any size, if nobody asks. */
const pooled = (height: number | null, width: number | null) =>
  tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [height, width, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 3 }),
    ],
  });

onEachBackend('images of another shape', () => {
  test.each([
    [40, 64, 3],
    [16, 17, 3],
    [3, 16, 16],
    [16, 16, 4],
    [16, 16, 1],
  ])('[N, %i, %i, %i] for [N, 16, 16, 3]', async (...shape) => {
    const model = pooled(16, 16);
    const known = data(16, 16, 3);
    const other = data(...shape);
    const message = `shape of the images must be [N, 16, 16, 3], got [30, ${shape.join(', ')}]`;
    await expect(fitDetector(model, other, { scorer: energy() })).rejects.toThrow(`fitDetector: ${message}`);
    const detector = await fitDetector(model, known, { scorer: energy() });
    const again = await loadDetector(model, detector.toBytes(), { scorer: energy() });
    for (const one of [detector, again]) {
      await expect(one.predict(other.images)).rejects.toThrow(ShapeError);
      await expect(one.predict(other.images)).rejects.toThrow(`Detector.predict: ${message}`);
      const bytes = { images: new Uint8Array(shape[0] * shape[1] * shape[2]), shape: [1, ...shape] as const };
      await expect(one.predict(bytes as never)).rejects.toThrow(ShapeError);
      const single = tf.zeros(shape);
      await expect(one.predict(single)).rejects.toThrow(ShapeError);
      single.dispose();
      one.dispose();
    }
    expect(() => featuresOf(model).run(other.images)).toThrow(`featuresOf: ${message}`);
    tf.dispose([known.images, other.images]);
    model.dispose();
  });

  test('for a model that leaves the size open, the size of the fit counts', async () => {
    const model = pooled(null, null);
    const known = data(16, 12, 3);
    const detector = await fitDetector(model, known, { scorer: energy() });
    const again = await loadDetector(model, detector.toBytes(), { scorer: energy() });
    const larger = tf.zeros([2, 64, 40, 3]);
    const channels = data(16, 12, 4);
    for (const one of [detector, again]) {
      expect(await one.predict(known.images)).toHaveLength(30);
      await expect(one.predict(larger)).rejects.toThrow('must be [N, 16, 12, 3], got [2, 64, 40, 3]');
    }
    await expect(fitDetector(model, channels, { scorer: energy() })).rejects.toThrow('must be [N, any, any, 3], got');
    const { tensors, metadata } = decodeSafetensors(detector.toBytes());
    for (const imageShape of [7, ['a'], [-1]]) {
      const about = JSON.stringify({ ...(JSON.parse(metadata.about!) as object), imageShape });
      const loaded = loadDetector(model, encodeSafetensors(tensors, { ...metadata, about }), { scorer: energy() });
      await expect(loaded).rejects.toThrow(FormatError);
    }
    tf.dispose([known.images, larger, channels.images]);
    detector.dispose();
    again.dispose();
    model.dispose();
  });

  test('for a flatten model, whose number of values fits', async () => {
    const model = tfl.sequential({
      layers: [layers.flatten({ inputShape: [16, 16, 1] }), layers.dense({ units: 3 })],
    });
    const turned = data(32, 8, 1);
    await expect(fitDetector(model, turned, { scorer: energy() })).rejects.toThrow('must be [N, 16, 16, 1], got');
    turned.images.dispose();
    model.dispose();
  });

  test('for a GraphModel', async () => {
    const model = await graphModel(); // [N, 6, 6, 1], and a mean over height and width
    const known = data(6, 6, 1);
    const detector = await fitDetector(model, known, { scorer: energy() });
    for (const shape of [
      [12, 9, 1],
      [1, 6, 6],
    ] as [number, number, number][]) {
      const other = data(...shape);
      const message = `shape of the images must be [N, 6, 6, 1], got [30, ${shape.join(', ')}]`;
      await expect(detector.predict(other.images)).rejects.toThrow(`Detector.predict: ${message}`);
      await expect(fitDetector(model, other, { scorer: energy() })).rejects.toThrow(`fitDetector: ${message}`);
      expect(() => featuresOf(model).run(other.images)).toThrow(ShapeError);
      other.images.dispose();
    }
    detector.dispose();
    known.images.dispose();
    model.dispose();
  });
});
