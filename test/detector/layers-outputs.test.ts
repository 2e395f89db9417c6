import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { featuresOf } from 'tfjs-ood/detector';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import {
  activation,
  bothOf,
  conv,
  first,
  free,
  gap,
  images,
  last,
  layers,
  modelOf,
  predictionOf,
  read,
  reshape,
  sequential,
  Temperature,
  valueAt,
  withWeights,
} from './layers-models';

type Layer = tfl.layers.Layer;

onEachBackend('what the outputs of a LayersModel mean', (backend) => {
  const sigmoids: Record<string, () => Layer[]> = {
    inside: () => [last(1, { activation: 'sigmoid' })],
    behind: () => [last(1), activation('sigmoid')],
    'of a convolution': () => [
      reshape(1, 1, 4),
      conv(1, { kernelSize: 1, activation: 'sigmoid', name: 'last' }),
      layers.flatten(),
    ],
  };
  test.each(Object.keys(sigmoids))('a single sigmoid is two classes: %s', async (kind) => {
    const x = images();
    for (const logits of [undefined, 'last']) {
      const model = modelOf(first(4), gap(), ...sigmoids[kind]!());
      const shares = await predictionOf(model, x);
      const names = logits ? { logits } : {};
      const reader = featuresOf(model, names);
      expect(reader.meaning).toBe('classes');
      expect((await reader.head())!.shape).toEqual([4, 2]);
      const { logits: z, shapes } = await bothOf(model, (one) => read(one, x, names));
      expect(shapes.logits).toEqual([4, 2]);
      shares.forEach((share, row) => {
        expectClose(z[2 * row]! + z[2 * row + 1]!, 0);
        expectClose(1 / (1 + Math.exp(z[2 * row]! - z[2 * row + 1]!)), share, { absolute: 1e-5 });
      });
    }
    x.dispose();
  });

  test('several sigmoids are tags, each its own', async () => {
    const model = modelOf(first(4), gap(), last(3, { activation: 'sigmoid' }));
    const x = images();
    const shares = await predictionOf(model, x);
    expect(featuresOf(model).meaning).toBe('tags');
    expect(featuresOf(model, { logits: 'last' }).meaning).toBe('tags');
    expect(featuresOf(model, { logits: 'gap' }).meaning).toBe('classes');
    const { logits } = await bothOf(model, (one) => read(one, x));
    expectClose(
      logits.map((z) => 1 / (1 + Math.exp(-z))),
      shares,
      { absolute: 1e-5 },
    );
    x.dispose();
  });

  test('one column with nothing behind it is one class', async () => {
    const model = modelOf(first(4), gap(), last(1));
    const x = images();
    const z = await predictionOf(model, x);
    expect(featuresOf(model).meaning).toBe('classes');
    const { logits, shapes } = await bothOf(model, (one) => read(one, x));
    expect(shapes.logits).toEqual([4, 1]);
    expectClose(logits, z);
    x.dispose();
  });

  test('several outputs: one must be chosen', async () => {
    const x = images();
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const input = tfl.input({ shape: [6, 6, 1] });
      const pooled = gap().apply(conv(4).apply(input));
      const ends = [
        layers.dense({ units: 3, activation: 'softmax', name: 'class' }).apply(pooled),
        layers.dense({ units: 4, name: 'box' }).apply(pooled),
      ] as tfl.SymbolicTensor[];
      const model = withWeights(tfl.model({ inputs: input, outputs: order.map((i) => ends[i]!) }));
      const listed = ['class [N, 3]', 'box [N, 4]'];
      expect(() => featuresOf(model)).toThrow(
        `featuresOf: output must be one of ${order.map((i) => listed[i]).join(', ')}, as in output: 'class', got none`,
      );
      expect(() => featuresOf(model)).toThrow(ArgumentError);
      const shares = tfl.model({ inputs: input, outputs: ends[0]! });
      const wanted = await predictionOf(shares, x);
      for (const names of [{ output: 'class' }, { logits: 'class' }]) {
        const { logits, shapes } = await read(model, x, names);
        expect(shapes).toEqual({ features: [4, 4], logits: [4, 3] });
        const own = tf.tidy(() => tf.softmax(tf.tensor2d(logits, [4, 3])));
        expectClose(await own.data(), wanted, { absolute: 1e-5 });
        own.dispose();
      }
      expect((await read(model, x, { output: 'box' })).shapes.logits).toEqual([4, 4]);
      expect(() => featuresOf(model, { output: 'clas' })).toThrow('output must be one of class [N, 3], ');
      free(model);
    }
    x.dispose();
  });

  test('an output inside a nested model', async () => {
    const inner = sequential({ name: 'inner', layers: [last(3, { inputShape: [4], activation: 'softmax' })] });
    const model = modelOf(first(4), gap(), inner, new Temperature({ name: 'temp' }));
    const x = images();
    expect(() => featuresOf(model)).toThrow("ends with Temperature 'temp'");
    const wanted = await valueAt(model, 'gap', x);
    for (const output of ['inner', 'last', 'inner/last']) {
      const { features, logits } = await read(model, x, { output });
      expectClose(features, wanted);
      const own = tf.tidy(() => tf.div(tf.softmax(tf.tensor2d(logits, [4, 3])), 2)); // the model halves its shares
      expectClose(await own.data(), await predictionOf(model, x), { absolute: 1e-5 });
      own.dispose();
    }
    x.dispose();
    free(model);
  });

  if (backend !== 'cpu') return;

  test('names that are none, or several', () => {
    const inner = (name: string) =>
      sequential({ name, layers: [layers.dense({ inputShape: [4], units: 4, activation: 'relu', name: 'unit' })] });
    const model = modelOf(first(4), gap(), inner('one'), inner('two'), last(3));
    expect(() => featuresOf(model, 'unit')).toThrow(
      'featuresOf: features must be one of one/unit [N, 4], two/unit [N, 4], got unit of several',
    );
    expect(() => featuresOf(model, 'two/unt')).toThrow(
      'one of two [N, 4], two/unit [N, 4], c [N, 4, 4, 4], gap [N, 4], one [N, 4], one/unit [N, 4], last [N, 3], got two/unt',
    );
    expect(() => featuresOf(model, { logits: 'nope' })).toThrow('featuresOf: logits must be one of ');
    const many = modelOf(
      ...Array.from({ length: 50 }, (_, i) => layers.dense({ inputShape: [4], units: 4, name: `layer_${i}` })),
    );
    expect(() => featuresOf(many, 'layer_4x')).toThrow(
      /one of layer_4 \[N, 4\], layer_40 \[N, 4\], .* and 10 more, got/,
    );
    free(model, many);
  });

  test('several inputs, and none', () => {
    const both = [1, 2].map(() => tfl.input({ shape: [4] }));
    const sum = layers.add().apply(both) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: both, outputs: last(3).apply(sum) as tfl.SymbolicTensor });
    expect(() => featuresOf(model)).toThrow('featuresOf: model must be a model with one input, got 2 inputs');
    expect(() => featuresOf(sequential())).toThrow('got 0 inputs');
    const like = { layers: [], inputs: [1] } as unknown as tfl.LayersModel;
    expect(() => featuresOf(like)).toThrow('must be a LayersModel of tfjs-layers');
    free(model);
  });
});
