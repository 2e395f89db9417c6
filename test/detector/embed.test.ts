import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { ArgumentError, ShapeError } from 'tfjs-ood';
import { embed } from 'tfjs-ood/detector';
import { gatherImages, vgg } from 'tfjs-ood/training';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { smallModel } from '../training/small-model';

const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 83 + 5) % 256);
const set = { images: bytes(5 * 4), shape: [5, 2, 2, 1] as const };

onEachBackend('embed', () => {
  it.each([1, 2, 5, 64])('gives the same rows in blocks of %i as at once', async (blockSize) => {
    const model = smallModel({ dropout: 0.5, batchNorm: true });
    const images = tf.tensor4d(
      Array.from(set.images, (byte) => byte / 255),
      [...set.shape],
    );
    const expected = model.predict(images) as tf.Tensor;
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => progress.push([done, total]);
    const { data, shape } = await embed(model, set, { blockSize, onProgress });
    expect(shape).toEqual([5, 2]);
    expectClose(data, await expected.data(), { absolute: 1e-6 });
    expect(progress.at(-1)).toEqual([5, 5]);
    expect(progress).toHaveLength(Math.ceil(5 / blockSize));
    const again = await embed(model, images, { blockSize });
    expectClose(again.data, data, { absolute: 1e-6 });
    tf.dispose([images, expected]);
    model.dispose();
  });

  it('embeds with convolutions, and nothing as nothing', async () => {
    const model = vgg({ width: 0.03, inputShape: [9, 7, 2], embeddingSize: 3, seed: 1 });
    const { data } = await embed(model, { images: bytes(3 * 126), shape: [3, 9, 7, 2] }, { blockSize: 2 });
    expect(data).toHaveLength(9);
    expect(new Set(data).size).toBe(9);
    expect(await embed(model, { images: bytes(0), shape: [0, 9, 7, 2] })).toEqual({
      data: new Float32Array(0),
      shape: [0, 3],
    });
    model.dispose();
  });

  it('refuses images and models that do not fit', async () => {
    const model = smallModel();
    await expect(embed(model, { ...set, shape: [5, 2, 3, 1] })).rejects.toThrow(ShapeError);
    await expect(embed(model, { images: bytes(45), shape: [5, 3, 3, 1] })).rejects.toThrow('[N, 2, 2, 1]');
    await expect(embed(model, set, { blockSize: 0 })).rejects.toThrow(ArgumentError);
    const flat = tfl.sequential({ layers: [tfl.layers.activation({ activation: 'relu', inputShape: [2, 2, 1] })] });
    await expect(embed(flat, set)).rejects.toThrow('[N, D]');
    model.dispose();
    flat.dispose();
  });
});

onEachBackend('gatherImages', () => {
  it('takes rows in the order given, divided by 255', async () => {
    const batch = gatherImages(set, [4, 0, 4]);
    expect(batch.shape).toEqual([3, 2, 2, 1]);
    const row = (i: number) => Array.from(set.images.slice(4 * i, 4 * i + 4), (byte) => Math.fround(byte / 255));
    expect(Array.from(await batch.data())).toEqual([...row(4), ...row(0), ...row(4)]);
    batch.dispose();
  });

  it.each([5, -1, 0.5, NaN])('refuses the index %s', (index) => {
    expect(() => gatherImages(set, [0, index])).toThrow(ArgumentError);
  });

  it('refuses bytes that do not fit the shape', () => {
    expect(() => gatherImages({ images: bytes(19), shape: set.shape }, [0])).toThrow(ShapeError);
  });
});
