import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from 'tfjs-ood';
import { featuresOf, fitDetector, type DetectorOptions } from 'tfjs-ood/detector';
import { energy, odin } from 'tfjs-ood/scorers';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { body, constants, graphAfterHidden, graphModel } from './graph-model';
import { images, valuesAt, valuesOf } from './graph-values';
import { node, placeholder, product, T, tfjsGraph, type Constant } from './tfjs-graph';

const scores = [
  node('product', 'MatMul', ['hidden', 'kernel'], product()),
  node('scores', 'BiasAdd', ['product', 'bias']),
  node('shares', 'Softmax', ['scores']),
  node('Identity', 'Identity', ['shares']),
];
const box = [
  node('boxProduct', 'MatMul', ['hidden', 'boxKernel'], product()),
  node('Identity_1', 'Identity', ['boxProduct']),
];
const boxKernel = constants({ boxKernel: [5, 4] }, 7);
const scalar = (value: number, dtype: 'float32' | 'int32' = 'float32'): Constant => ({
  shape: [],
  values: [value],
  dtype,
});

onEachBackend('outputs of a GraphModel', () => {
  test('several: an error that lists them, and one by name, in either order', async () => {
    const entries = Object.entries({
      class: { name: 'Identity:0', shape: [-1, 3] },
      box: { name: 'Identity_1:0', shape: [-1, 4] },
    });
    for (const order of [entries, [...entries].reverse()]) {
      const model = await graphAfterHidden([...scores, ...box], {
        constants: boxKernel,
        outputs: Object.fromEntries(order),
      });
      expect(() => featuresOf(model)).toThrow(ArgumentError);
      const list = order === entries ? 'class [N, 3], box [N, 4]' : 'box [N, 4], class [N, 3]';
      expect(() => featuresOf(model)).toThrow(
        `featuresOf: output must be one of ${list}, as in output: 'class', got none`,
      );
      expect(() => featuresOf(model, { output: 'clas' })).toThrow(`output must be one of ${list}, got clas`);
      const [wanted, corners] = await valuesAt(model, 'scores', 'boxProduct');
      for (const output of ['class', 'Identity', 'Identity:0', 'shares']) {
        const reader = featuresOf(model, { output });
        expect(reader.names).toEqual({ features: 'hidden', logits: 'scores' });
        expectClose((await valuesOf(reader)).logits, wanted!, { absolute: 1e-6 });
      }
      expectClose((await valuesOf(featuresOf(model, { output: 'box' }))).logits, corners!, { absolute: 1e-6 });
      // Named logits ask for no output.
      expectClose((await valuesOf(featuresOf(model, { logits: 'class' }))).logits, wanted!, { absolute: 1e-6 });
      model.dispose();
    }
  });

  test('several that end with the same logits need no name', async () => {
    const outputs = { logits: { name: 'scores:0' }, probabilities: { name: 'Identity:0' } };
    const model = await graphAfterHidden(scores, { outputs });
    expect(featuresOf(model).names.logits).toBe('scores');
    model.dispose();
  });

  test('without a signature, constants that nothing uses are no outputs', async () => {
    const model = await graphAfterHidden(scores, { constants: { stray: scalar(1) } });
    expect(model.outputs.map(({ name }) => name).sort()).toEqual(['Identity', 'stray']);
    expect(featuresOf(model).names.logits).toBe('scores');
    model.dispose();
  });

  test('names of the signature that are no nodes, or those of other nodes', async () => {
    const [scoped] = [
      await graphAfterHidden(
        [...scores.slice(0, 3), node('StatefulPartitionedCall/model/probs', 'Identity', ['shares'])],
        {
          outputs: { 'dense/Softmax': { name: 'StatefulPartitionedCall/model/probs:0' }, hidden: { name: 'shares:0' } },
        },
      ),
    ];
    const [wanted, hidden] = await valuesAt(scoped, 'scores', 'hiddenSum');
    for (const names of [{}, { output: 'dense/Softmax' }, { output: 'hidden' }, { logits: 'dense/Softmax' }]) {
      const { logits, features } = await valuesOf(featuresOf(scoped, names));
      expectClose(logits, wanted!, { absolute: 1e-6 });
      // tfjs takes 'hidden' for the output of that name; the node is meant.
      expectClose(
        features,
        hidden!.map((x) => Math.max(0, x)),
        { absolute: 1e-6 },
      );
    }
    scoped.dispose();
  });

  test('a later output of a node', async () => {
    const halves = [
      node('both', 'ConcatV2', ['hidden', 'scores', 'axis'], { T, N: { i: '2' } }),
      node('halves', 'Split', ['axis', 'both'], { T, num_split: { i: '2' } }),
      node('second', 'Identity', ['halves:1']),
    ];
    const outputs = { second: { name: 'halves:1' } };
    const constantsOfIt = { axis: scalar(1, 'int32') };
    const model = await graphAfterHidden([...scores, ...halves], { constants: constantsOfIt, outputs });
    const [first, second] = await valuesAt(model, 'halves', 'second');
    const reader = featuresOf(model, 'halves');
    expect(reader.names).toEqual({ features: 'halves', logits: 'halves:1' });
    const own = await valuesOf(reader);
    expectClose(own.features, first!, { absolute: 1e-6 });
    expectClose(own.logits, second!, { absolute: 1e-6 });
    model.dispose();
  });

  test('an unknown node: those that there are, nearest first, with their shapes, no constants', async () => {
    const model = await graphModel();
    const message = (() => {
      try {
        featuresOf(model, 'hiddn');
      } catch (error) {
        return String(error);
      }
    })();
    expect(message).toMatch(/features must be one of hidden.* \[N, 5\], .*maps \[N, \?, \?, 4\].*, got hiddn$/);
    for (const name of ['kernel', 'images', 'axes', 'read']) expect(message).not.toMatch(new RegExp(`[ ,]${name}[ ,]`));
    expect(() => featuresOf(model, 'kernel')).toThrow('features must be one of');
    expect(() => featuresOf(model, 'images')).toThrow('features must be one of');
    model.dispose();
  });
});

onEachBackend('inputs of a GraphModel', () => {
  const whole = (dtype: 'int32' | 'float32') =>
    tfjsGraph({
      constants: {
        ...constants(
          { filter: [3, 3, 1, 4], filterBias: [4], hiddenKernel: [4, 5], hiddenBias: [5], kernel: [5, 3], bias: [3] },
          1,
        ),
        axes: { shape: [2], values: [1, 2], dtype: 'int32' },
        size: scalar(255),
      },
      nodes: [
        placeholder('bytes', [-1, 6, 6, 1], dtype),
        node('floats', 'Cast', ['bytes'], { SrcT: { type: 'DT_INT32' }, DstT: T }),
        node('images', 'RealDiv', ['floats', 'size']),
        ...body.slice(1),
        ...scores,
      ],
    });

  test('of whole numbers: bytes as they are; floats would become zeros and are refused', async () => {
    const model = await whole('int32');
    const bytes = tf.tensor4d(
      Int32Array.from({ length: 72 }, (_, i) => (i * 91) % 256),
      [2, 6, 6, 1],
      'int32',
    );
    const floats = tf.tidy(() => tf.div(tf.cast(bytes, 'float32'), 255));
    const reader = featuresOf(model);
    const wanted = model.execute(bytes, 'scores') as tf.Tensor;
    const own = reader.run(bytes);
    expectClose(await own.logits.data(), await wanted.data(), { absolute: 1e-6 });
    const expected =
      'featuresOf: images must be a tensor of int32, pixels from 0 to 255, as the graph takes, got float32';
    expect(() => reader.run(floats)).toThrow(expected);
    const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
    const many = {
      images: Uint8Array.from({ length: 60 * 36 }, (_, i) => (i * 91) % 256),
      shape: [60, 6, 6, 1] as const,
    };
    const fit = (scorer: DetectorOptions['scorer'], given: tf.Tensor | typeof many) =>
      fitDetector(model, { images: given, labels }, { scorer, alpha: 0.2 });
    const ofBytes = await fit(energy(), many);
    const manyBytes = tf.tensor4d(many.images, [60, 6, 6, 1], 'int32');
    await expect(fit(odin(), manyBytes)).rejects.toThrow(ArgumentError);
    const detector = await fit(energy(), manyBytes);
    const verdicts = await detector.predict(bytes);
    const two = { images: many.images.slice(0, 72), shape: [2, 6, 6, 1] };
    for (const one of [ofBytes, detector]) expect(await one.predict(two)).toEqual(verdicts);
    await expect(detector.predict(floats)).rejects.toThrow('pixels from 0 to 255, as the graph takes, got float32');
    detector.dispose();
    ofBytes.dispose();
    tf.dispose([bytes, floats, wanted, own.features, own.logits, manyBytes]);
    model.dispose();
  });

  test('of floats: whole numbers are refused by name', async () => {
    const model = await graphModel();
    const bytes = tf.zeros([2, 6, 6, 1], 'int32');
    expect(() => featuresOf(model).run(bytes)).toThrow(
      'images must be a tensor of float32, as the graph takes, got int32',
    );
    bytes.dispose();
    model.dispose();
  });

  test('one that has a value of its own need not be given; two others are too many', async () => {
    const phase = node('phase', 'PlaceholderWithDefault', ['off'], { dtype: T, shape: { shape: { dim: [] } } });
    const given = placeholder('images', [-1, 6, 6, 1]);
    const ends = [...scores.slice(0, 2), node('end', 'AddV2', ['scores', 'phase'])];
    const off = { off: scalar(0.25) };
    for (const model of [
      await graphAfterHidden([phase, ...ends], { constants: off }),
      await graphAfterHidden([given, ...ends], { constants: off, images: phase }),
    ]) {
      expect(model.inputs).toHaveLength(2);
      const x = images();
      const wanted = model.execute({ images: x }, 'end') as tf.Tensor;
      expectClose((await valuesOf(featuresOf(model, 'hidden'))).logits, await wanted.data(), { absolute: 1e-6 });
      tf.dispose([x, wanted]);
      model.dispose();
    }
    const ofMask = [placeholder('mask', [-1, 3]), ...scores.slice(0, 2), node('end', 'Mul', ['scores', 'mask'])];
    const two = await graphAfterHidden(ofMask);
    const expected = 'model must be a model with one input, got images [N, 6, 6, 1] and mask [N, 3]';
    expect(() => featuresOf(two)).toThrow(expected);
    two.dispose();
  });

  test('a graph of a fixed number of images is given so many at a time', async () => {
    const open = await graphAfterHidden(scores);
    const wanted = await valuesOf(featuresOf(open));
    const ones = await graphAfterHidden(scores, { images: placeholder('images', [1, 6, 6, 1]) });
    const pairs = await graphAfterHidden(scores, { images: placeholder('images', [2, 6, 6, 1]) });
    for (const model of [ones, pairs]) {
      const own = await valuesOf(featuresOf(model));
      expectClose(own.logits, wanted.logits, { absolute: 1e-6 });
      expectClose(own.features, wanted.features, { absolute: 1e-6 });
    }
    const x = images();
    const three = tf.slice(x, [0, 0, 0, 0], [3, 6, 6, 1]);
    expect(() => featuresOf(pairs).run(three)).toThrow(
      'images must be 2 at a time, as the graph takes, got [3, 6, 6, 1]',
    );
    const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
    const set = {
      images: Uint8Array.from({ length: 60 * 36 }, (_, i) => (i * 91) % 256),
      shape: [60, 6, 6, 1] as const,
    };
    const detector = await fitDetector(ones, { images: set, labels }, { scorer: odin(), alpha: 0.2 });
    expect(await detector.predict(x)).toHaveLength(4);
    detector.dispose();
    tf.dispose([x, three]);
    for (const model of [open, ones, pairs]) model.dispose();
  });

  test('a linear model: the features are the images', async () => {
    const model = await tfjsGraph({
      constants: constants({ kernel: [36, 3], bias: [3] }, 3),
      nodes: [
        placeholder('pixels', [-1, 36]),
        ...scores.slice(1),
        node('product', 'MatMul', ['pixels', 'kernel'], product()),
      ],
    });
    const x = tf.tidy(() => tf.reshape(images(), [4, 36]));
    const { features, logits } = featuresOf(model).run(x);
    expect(await features.data()).toEqual(await x.data());
    tf.dispose([features, logits, x]);
    model.dispose();
  });
});
