import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { SeededDropout, vgg } from 'tfjs-ood/training';
import { onEachBackend } from '../on-each-backend';
import { randomImages, weightsOf } from './small-model';

const moments = (values: Float32Array) => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance), largest: values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) };
};

describe('vgg', () => {
  let before = 0;
  beforeEach(async () => {
    await tf.setBackend('cpu');
    before = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors).toBe(before));

  it('has the 9,935,434 parameters of the paper, initialized as there', async () => {
    const model = vgg({ seed: 3 });
    expect(model.countParams()).toBe(9_935_434);
    expect(model.outputs[0]!.shape).toEqual([null, 10]);
    for (const weight of model.weights) {
      const values = await weight.read().data<'float32'>();
      const shape = weight.shape as number[];
      const { mean, std, largest } = moments(values);
      if (!weight.originalName.startsWith('conv')) {
        const tolerance = 4 / Math.sqrt(values.length); // four standard errors
        expect(Math.abs(mean)).toBeLessThan(0.1 * tolerance);
        expect(Math.abs(std - 0.1)).toBeLessThan(0.1 * tolerance);
        if (values.length > 200_000) expect(largest).toBeGreaterThan(0.35); // not truncated at two deviations
      } else if (weight.originalName.endsWith('bias')) {
        expect([...new Set(values)]).toEqual([Math.fround(0.1)]);
      } else {
        const limit = Math.sqrt(6 / (9 * (shape[2]! + shape[3]!)));
        expect(largest).toBeLessThanOrEqual(limit * (1 + 1e-6));
        expect(Math.abs(std - limit / Math.sqrt(3))).toBeLessThan((4 * limit) / Math.sqrt(values.length));
      }
    }
    model.dispose();
  });

  it('orders convolutions, pools and dense layers as the paper does', () => {
    const model = vgg({ seed: 1, width: 0.1 });
    const conv = [6, 6, 13, 13, 26, 26, 51, 51, 51, 51];
    const filters = model.layers.filter(({ name }) => name.startsWith('conv')).map((l) => l.getConfig().filters);
    expect(filters).toEqual(conv);
    const kinds = model.layers.filter(({ name }) => name.startsWith('pool')).map((l) => l.getClassName());
    expect(kinds).toEqual([...(Array(4).fill('MaxPooling2D') as string[]), 'AveragePooling2D']);
    const tail = model.layers.slice(-6).map(({ name }) => name);
    expect(tail).toEqual(['flatten', 'dense1', 'dropout1', 'dense2', 'dropout2', 'embedding']);
    expect(model.layers.at(-1)!.getConfig().activation).toBe('linear');
    model.dispose();
  });

  it('has dense layers of the sizes asked for, times the width', () => {
    const model = vgg({ seed: 1, width: 0.125, denseSizes: [80, 24] });
    const units = ['dense1', 'dense2', 'embedding'].map((name) => model.getLayer(name).getConfig().units);
    expect(units).toEqual([10, 3, 10]);
    model.dispose();
    const wide = vgg({ seed: 1, denseSizes: [1024, 256] });
    // Less what the layers of 512 and 512 hold, plus those of 1024 and 256: by hand.
    expect(wide.countParams()).toBe(9_935_434 - 2 * 513 * 512 - 513 * 10 + 513 * 1024 + 1025 * 256 + 257 * 10);
    wide.dispose();
  });

  it('follows its seed, layer by layer', async () => {
    const options = { width: 0.05, inputShape: [8, 8, 1] } as const;
    const models = [
      vgg({ ...options, seed: 0 }),
      vgg({ ...options, seed: 0, dropout: 0 }),
      vgg({ ...options, seed: 1 }),
    ];
    const weights = await Promise.all(models.map(weightsOf));
    const [a, b, c] = weights as [Float32Array[], Float32Array[], Float32Array[]];
    expect(b).toEqual(a);
    a.forEach((values, i) => {
      if (!models[0]!.weights[i]!.originalName.match(/conv.*bias/)) expect(c[i]).not.toEqual(values);
    });
    const [x, y] = [a.at(-4)!, a.at(-6)!]; // dense2/kernel, dense1/kernel
    expect([...x.slice(0, 5)]).not.toEqual([...y.slice(0, 5)]);
    models.forEach((model) => model.dispose());
  });

  it.each([
    [28, 28, 1],
    [5, 9, 2],
    [1, 1, 1],
  ] as const)('takes %i x %i x %i images', (...inputShape) => {
    const model = vgg({ seed: 1, width: 0.02, embeddingSize: 3, inputShape, batchNorm: true });
    const images = tf.zeros([2, ...inputShape]);
    const output = model.apply(images) as tf.Tensor;
    expect(output.shape).toEqual([2, 3]);
    tf.dispose([images, output]);
    model.dispose();
  });

  it('has a network with batch norm without convolution biases, never narrower than one channel', () => {
    const model = vgg({ seed: 1, width: 0.001, batchNorm: true });
    const names = model.weights.map((weight) => weight.originalName);
    expect(names.filter((name) => /conv\d_\d\/bias/.test(name))).toEqual([]);
    expect(model.weights.filter(({ originalName }) => originalName.endsWith('moving_mean'))).toHaveLength(10);
    expect(model.layers.filter((layer) => layer instanceof SeededDropout)).toHaveLength(2);
    expect(model.weights.every((weight) => weight.shape.every((size) => size! > 0))).toBe(true);
    model.dispose();
  });

  it.each([
    { width: 0 },
    { width: NaN },
    { denseSizes: [0, 512] as const },
    { denseSizes: [512, 2.5] as const },
    { denseSizes: [512] as unknown as [number, number] },
    { denseSizes: [] as unknown as [number, number] },
    { embeddingSize: 1.5 },
    { dropout: 1 },
    { dropout: -0.1 },
    { seed: 0.5 },
    { inputShape: [32, 32, 0] as const },
  ])('refuses %o', (options) => {
    expect(() => vgg({ seed: 1, ...options })).toThrow(ArgumentError);
  });
});

onEachBackend('a saved vgg', () => {
  it('loads with its own layers and gives the same embeddings', async () => {
    const model = vgg({ seed: 4, width: 0.03, inputShape: [8, 8, 3], batchNorm: true });
    let artifacts: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler((saved) => {
        artifacts = saved;
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
      }),
    );
    const text = JSON.stringify(artifacts!.modelTopology);
    const loaded = await tfl.loadLayersModel(
      tf.io.fromMemory({ ...artifacts!, modelTopology: JSON.parse(text) as object }),
    );
    const images = randomImages(1, [3, 8, 8, 3]);
    const [a, b] = [model, loaded].map((m) => m.apply(images) as tf.Tensor);
    expect(await b!.data()).toEqual(await a!.data());
    const dropout = loaded.getLayer('dropout2') as SeededDropout;
    expect([dropout.rate, dropout.seed]).toEqual([0.2, (model.getLayer('dropout2') as SeededDropout).seed]);
    tf.dispose([images, a!, b!]);
    model.dispose();
    loaded.dispose();
  });
});
