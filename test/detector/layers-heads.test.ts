import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { featuresOf } from 'tfjs-ood/detector';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import {
  activation,
  bothOf,
  conv,
  expectSoftmax,
  first,
  gap,
  images,
  inputs,
  free,
  last,
  layers,
  modelOf,
  numbersOf,
  predictionOf,
  read,
  reshape,
  Temperature,
  valueAt,
  withWeights,
} from './layers-models';

type Layer = tfl.layers.Layer;

const mobilenet: Record<string, () => Layer[]> = {
  'softmax, reshape': () => [
    conv(3, { kernelSize: 1, activation: 'linear', name: 'preds' }),
    activation('softmax'),
    reshape(3),
  ],
  'reshape, softmax': () => [
    conv(3, { kernelSize: 1, activation: 'linear', name: 'preds' }),
    reshape(3),
    layers.softmax(),
  ],
  'a softmax inside': () => [conv(3, { kernelSize: 1, activation: 'softmax', name: 'preds' }), layers.flatten()],
  'a wider kernel': () => [conv(3, { activation: 'softmax', padding: 'same', name: 'preds' }), layers.flatten()],
  'an even kernel': () => [
    conv(3, { kernelSize: 2, activation: 'softmax', padding: 'same', name: 'preds' }),
    reshape(3),
  ],
  'no softmax': () => [
    conv(3, { kernelSize: 1, activation: 'linear', name: 'preds' }),
    layers.dropout({ rate: 0.5 }),
    layers.flatten(),
  ],
};

onEachBackend('how a LayersModel ends', () => {
  test.each(Object.keys(mobilenet))('a convolution of a single point: %s', async (kind) => {
    const model = modelOf(first(8), gap(), reshape(1, 1, 8), layers.dropout({ rate: 0.1 }), ...mobilenet[kind]!());
    const x = images();
    const pooled = await valueAt(model, 'gap', x);
    const shares = await predictionOf(model, x);
    const given = kind === 'no softmax' ? read : expectSoftmax;
    const { features, logits, shapes } = await bothOf(model, (one) => given(one, x));
    expect(shapes).toEqual({ features: [4, 8], logits: [4, 3] });
    expectClose(features, pooled);
    if (kind === 'no softmax') expectClose(logits, shares);
    x.dispose();
  });

  test('a convolution as wide as its map, its input the features', async () => {
    const model = modelOf(first(2), conv(3, { kernelSize: 4, activation: 'softmax', name: 'wide' }), layers.flatten());
    const x = images();
    const map = await valueAt(model, 'c', x);
    const { features, shapes } = await bothOf(model, (one) => expectSoftmax(one, x));
    expect(shapes.features).toEqual([4, 32]);
    expectClose(features, map);
    x.dispose();
  });

  test('a convolution over a sequence of one step', async () => {
    const model = modelOf(
      layers.dense({ inputShape: [1, 5], units: 6, activation: 'tanh' }),
      layers.conv1d({ filters: 3, kernelSize: 1 }),
      layers.flatten(),
      layers.softmax(),
    );
    const x = inputs([4, 1, 5]);
    expect((await bothOf(model, (one) => expectSoftmax(one, x))).shapes.features).toEqual([4, 6]);
    x.dispose();
  });

  test('pooling without a dense layer: logits, no head, features by name', async () => {
    const model = modelOf(first(3), gap(), activation('softmax'));
    const x = images();
    expect(() => featuresOf(model)).toThrow(
      'featuresOf: features must be the layer of the features: one of gap [N, 3], c [N, 4, 4, 3], softmax [N, 3]',
    );
    expect(await featuresOf(model, { features: 'c' }).head()).toBeUndefined();
    const pooled = await valueAt(model, 'gap', x);
    const names = { features: 'c', pool: 'average' } as const;
    const { features, logits } = await bothOf(model, (one) => expectSoftmax(one, x, names));
    expectClose(features, pooled);
    expectClose(logits, pooled);
    x.dispose();
  });

  test('a layer of one’s own between dense and softmax stays, once it is named', async () => {
    const model = modelOf(first(4), gap(), last(3), new Temperature({ name: 'temp' }), activation('softmax'));
    const x = images();
    expect(() => featuresOf(model)).toThrow(
      "(name the layer of the logits otherwise), got one that ends with Temperature 'temp' and a softmax",
    );
    const z = await valueAt(model, 'last', x);
    const pooled = await valueAt(model, 'gap', x);
    expect(await featuresOf(model, { logits: 'temp' }).head()).toBeUndefined();
    expect(featuresOf(model, { logits: 'temp' }).names).toEqual({ features: 'the input of last', logits: 'temp' });
    const { features, logits } = await bothOf(model, (one) => expectSoftmax(one, x, { logits: 'temp' }));
    expectClose(features, pooled);
    expectClose(
      logits,
      z.map((value) => value / 2),
    );
    x.dispose();
  });

  test('a layer of one’s own elsewhere stays as it is', async () => {
    const model = modelOf(first(4), new Temperature(), gap(), last(3, { activation: 'softmax' }));
    const x = images();
    await bothOf(model, (one) => expectSoftmax(one, x));
    x.dispose();
  });

  test('a dense layer on a sequence', async () => {
    const steps = () => layers.dense({ inputShape: [5, 2], units: 4, activation: 'tanh', name: 'steps' });
    const x = inputs([3, 5, 2]);
    const unpooled = modelOf(steps(), last(3, { activation: 'softmax' }));
    expect(() => featuresOf(unpooled)).toThrow(
      "(put a pooling behind the last layer, or name a layer of [N, C] as logits), got [N, 5, 3] of Dense 'last'",
    );
    const mean = () => layers.globalAveragePooling1d({ name: 'mean' });
    const pooled = modelOf(steps(), last(3), mean());
    const wanted = await predictionOf(pooled, x);
    const names = { features: 'mean' };
    expect(await featuresOf(pooled, names).head()).toBeUndefined();
    expectClose((await bothOf(pooled, (one) => read(one, x, names))).logits, wanted);
    await bothOf(modelOf(steps(), last(3), mean(), layers.softmax()), (one) => expectSoftmax(one, x, names));
    // A mean of shares is no softmax of anything that is there.
    const shares = modelOf(steps(), last(3, { activation: 'softmax' }), mean());
    expect(() => featuresOf(shares, names)).toThrow("got one that ends with GlobalAveragePooling1D 'mean'");
    x.dispose();
    free(unpooled, shares);
  });

  test('a dense layer of one unit over steps of one number is no dense layer of the steps', async () => {
    const x = images();
    const steps = () => [first(4), gap(), reshape(4, 1), layers.dense({ units: 1, name: 'each' }), layers.flatten()];
    const model = modelOf(...steps(), layers.softmax());
    const each = await valueAt(model, 'each', x);
    expect(() => featuresOf(model)).toThrow(
      'featuresOf: features must be the layer of the features: one of each [N, 4, 1]',
    );
    expect(await featuresOf(model, 'gap').head()).toBeUndefined();
    const { logits } = await bothOf(model, (one) => expectSoftmax(one, x, { features: 'gap' }));
    expectClose(logits, each);
    x.dispose();
  });

  test('scores of the steps before the softmax over them', async () => {
    const x = inputs([3, 5, 2]);
    const each = layers.dense({ inputShape: [5, 2], units: 1, name: 'each' });
    const model = modelOf(each, layers.flatten(), layers.softmax());
    await bothOf(model, (one) => expectSoftmax(one, x, { features: 'each' }));
    x.dispose();
  });

  test('a named softmax that is not undone is refused', () => {
    const steps = modelOf(
      layers.dense({ inputShape: [5, 2], units: 1, activation: 'sigmoid', name: 'each' }),
      layers.flatten({ name: 'flat' }),
    );
    for (const logits of ['each', 'flat']) {
      expect(() => featuresOf(steps, { logits, features: 'flat' })).toThrow(
        `featuresOf: logits must be a layer before the softmax or sigmoid, got the sigmoid of '${logits}' [N, 5, 1]`,
      );
    }
    const ones = modelOf(first(4), gap(), last(3), reshape(3, 1), activation('softmax'));
    expect(() => featuresOf(ones, { logits: 'softmax' })).toThrow("got the softmax of 'softmax' [N, 3, 1]");
    free(steps, ones);
  });

  test('two activations in a row are named both', () => {
    const model = modelOf(first(4), gap(), last(3, { activation: 'softmax' }), activation('softmax'));
    expect(() => featuresOf(model)).toThrow('got "softmax" and then a softmax');
    free(model);
  });

  test('a sum, or a normalization, before the softmax', async () => {
    const input = tfl.input({ shape: [6] });
    const [a, b] = [1, 2].map(() => layers.dense({ units: 3 }).apply(input) as tfl.SymbolicTensor);
    const sum = layers.add({ name: 'sum' }).apply([a!, b!]);
    const model = withWeights(tfl.model({ inputs: input, outputs: layers.softmax().apply(sum) as tfl.SymbolicTensor }));
    const x = inputs([4, 6]);
    expect(await featuresOf(model, { features: 'sum' }).head()).toBeUndefined();
    await bothOf(model, (one) => expectSoftmax(one, x, { features: 'sum' }));
    const normed = modelOf(last(3, { inputShape: [6] }), layers.layerNormalization(), layers.softmax());
    expect(await featuresOf(normed).head()).toBeUndefined();
    expectClose((await bothOf(normed, (one) => expectSoftmax(one, x))).features, await numbersOf(x));
    x.dispose();
  });

  test('other activations are refused, unless they are named', async () => {
    const x = images();
    for (const [ending, said] of [
      [() => [last(3, { activation: 'relu' })], 'relu'],
      [() => [last(3), layers.reLU({ maxValue: 6 })], 'ReLU'],
      [() => [last(3, { activation: 'tanh' }), activation('softmax')], 'tanh'],
      [() => [last(3), activation('relu')], 'relu'],
    ] as [() => Layer[], string][]) {
      const model = modelOf(first(4), gap(), ...ending());
      expect(() => featuresOf(model)).toThrow(
        `featuresOf: model must be a last dense layer with activation 'linear', 'softmax' or 'sigmoid' (name the layer of the logits otherwise), got "${said}"`,
      );
      const value = await valueAt(model, 'last', x);
      expectClose((await bothOf(model, (one) => read(one, x, { logits: 'last' }))).logits, value);
    }
    x.dispose();
  });

  test('a named layer with a softmax, or that is one: what that is of', async () => {
    const x = images();
    for (const [name, ending] of [
      ['last', () => [last(3, { activation: 'softmax' })]],
      ['softmax', () => [last(3), activation('softmax')]],
      ['flat', () => [reshape(1, 4), last(3, { activation: 'softmax' }), layers.flatten({ name: 'flat' })]],
    ] as [string, () => Layer[]][]) {
      const model = modelOf(first(4), gap(), ...ending());
      const pooled = await valueAt(model, 'gap', x);
      expect((await featuresOf(model, { logits: name }).head())!.shape).toEqual([4, 3]);
      const { features } = await bothOf(model, (one) => expectSoftmax(one, x, { logits: name }));
      expectClose(features, pooled);
    }
    const own = modelOf(first(4), gap(), last(3), new Temperature(), activation('softmax'));
    await bothOf(own, (one) => expectSoftmax(one, x, { logits: 'softmax' }));
    x.dispose();
  });
});
