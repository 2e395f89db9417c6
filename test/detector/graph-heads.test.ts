import { featuresOf, fitDetector } from 'tfjs-ood/detector';
import { react } from 'tfjs-ood/scorers';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { body, constants, graphAfterHidden } from './graph-model';
import { COUNT, expectHead, images, valuesAt, valuesOf } from './graph-values';
import { conv, fused, keepDims, node, product, T, tfjsGraph, type Constant } from './tfjs-graph';

const ints = (...values: number[]): Constant => ({ shape: [values.length], values, dtype: 'int32' });
const turned = { ...constants({ turned: [3, 5] }, 4) };
const softmax = (input: string) => node('end', 'Softmax', [input]);

/** Dense layers at `hidden`, each with the node of its logits. */
const heads: Record<string, { logits: string; nodes: object[] }> = {
  'a kernel the other way round': {
    logits: 'scores',
    nodes: [
      node('product', 'MatMul', ['hidden', 'turned'], product(true)),
      node('scores', 'BiasAdd', ['product', 'bias']),
      softmax('scores'),
    ],
  },
  'a kernel the other way round, fused': {
    logits: 'scores',
    nodes: [
      node('scores', '_FusedMatMul', ['hidden', 'turned', 'bias'], { ...product(true), ...fused('BiasAdd') }),
      softmax('scores'),
    ],
  },
  'a sum with the constant first': {
    logits: 'scores',
    nodes: [
      node('product', 'MatMul', ['hidden', 'kernel'], product()),
      node('scores', 'AddV2', ['bias', 'product']),
      softmax('scores'),
    ],
  },
  'a bias behind a reshape': {
    logits: 'scores',
    nodes: [
      node('product', 'MatMul', ['hidden', 'kernel'], product()),
      node('tall', 'Reshape', ['product', 'tallShape']),
      node('scores', 'BiasAdd', ['tall', 'bias']),
      softmax('scores'),
    ],
  },
  'a batch of products': {
    logits: 'scores',
    nodes: [
      node('product', 'BatchMatMulV2', ['hidden', 'turned'], { T, adj_x: { b: false }, adj_y: { b: true } }),
      node('scores', 'Add', ['product', 'bias']),
      softmax('scores'),
    ],
  },
};

/** As MobileNet v1 ends: a convolution of 1x1 over the pooled map, squeezed. */
const pooledMap = (conv1x1: object[]) =>
  tfjsGraph({
    constants: {
      ...constants({ filter: [3, 3, 1, 4], filterBias: [4], point: [1, 1, 4, 3], pointBias: [3] }, 2),
      axes: ints(1, 2),
      rows: ints(-1, 3),
      tall: ints(-1, 1, 1, 3),
    },
    nodes: [
      ...body.slice(0, 4),
      node('pooled', 'Mean', ['maps', 'axes'], keepDims(true)),
      node('dropout', 'Identity', ['pooled']),
      ...conv1x1,
      node('squeezed', 'Squeeze', ['conv1x1'], { T, squeeze_dims: { list: { i: ['1', '2'] } } }),
      node('rowsOfIt', 'Reshape', ['squeezed', 'rows']),
      node('softmax', 'Softmax', ['rowsOfIt']),
      node('end', 'Reshape', ['softmax', 'rows']),
    ],
  });
const points: Record<string, object[]> = {
  fused: [node('conv1x1', '_FusedConv2D', ['dropout', 'point', 'pointBias'], { ...conv(), ...fused('BiasAdd') })],
  'with a bias': [
    node('bare', 'Conv2D', ['dropout', 'point'], conv()),
    node('conv1x1', 'BiasAdd', ['bare', 'pointBias']),
  ],
  'without one': [node('conv1x1', 'Conv2D', ['dropout', 'point'], conv('VALID'))],
};

onEachBackend('the head of a GraphModel', (backend) => {
  test.each(Object.keys(heads))('%s', async (how) => {
    const { logits, nodes } = heads[how]!;
    // tfjs's wasm adds the last number of a bias to all rows but the first, where a fused product turns its kernel.
    const bias = { shape: [3], values: backend === 'wasm' && how.endsWith('fused') ? [2, 2, 2] : [2, -1, 0.5] };
    const model = await graphAfterHidden(nodes, { constants: { ...turned, bias, tallShape: ints(-1, 1, 1, 3) } });
    const reader = featuresOf(model);
    expect(reader.names).toEqual({ features: 'hidden', logits });
    const [wanted] = await valuesAt(model, logits);
    expectClose((await valuesOf(reader)).logits, wanted!, { absolute: 1e-6 });
    await expectHead(reader);
    // As well where its logits are named.
    await expectHead(featuresOf(model, { logits }));
    model.dispose();
  });

  test.each(Object.keys(points))('a convolution of 1x1 over a pooled map, %s', async (how) => {
    const model = await pooledMap(points[how]!);
    const reader = featuresOf(model);
    const [logits, pooled] = await valuesAt(model, 'squeezed', 'pooled');
    const own = await valuesOf(reader);
    expectClose(own.logits, logits!, { absolute: 1e-6 });
    expectClose(own.features, pooled!, { absolute: 1e-6 });
    await expectHead(reader);
    // The convolution's own output [N, 1, 1, 3] by name, and the map's.
    const named = await valuesOf(featuresOf(model, { logits: 'conv1x1', features: 'pooled' }));
    expect(named).toEqual(own);
    model.dispose();
  });

  test('a convolution of 1x1 over a map that is not pooled has no rows of features', async () => {
    const model = await tfjsGraph({
      constants: constants({ filter: [3, 3, 1, 4], filterBias: [4], point: [1, 1, 4, 3] }, 2),
      nodes: [...body.slice(0, 4), node('end', 'Conv2D', ['maps', 'point'], conv())],
    });
    await expect(valuesOf(featuresOf(model))).rejects.toThrow('output of end must be [N, D]');
    model.dispose();
  });

  test('what only looks like a dense layer has no head', async () => {
    const regrouped = [
      node('product', 'MatMul', ['hidden', 'kernel'], product()),
      node('pairs', 'Reshape', ['product', 'pairShape']),
      node('scores', 'BiasAdd', ['pairs', 'bias']),
      node('end', 'Reshape', ['scores', 'rowShape']),
    ];
    const relu = [
      node('end', '_FusedMatMul', ['hidden', 'kernel', 'bias'], { ...product(), ...fused('BiasAdd', 'Relu') }),
    ];
    const sum = [
      node('product', 'MatMul', ['hidden', 'kernel'], product()),
      node('once', 'BiasAdd', ['product', 'bias']),
      node('end', 'AddV2', ['once', 'product']),
    ];
    const scores = node('end', '_FusedMatMul', ['hidden', 'kernel', 'bias'], { ...product(), ...fused('BiasAdd') });
    const shapesOfIt = { pairShape: ints(-1, 2, 3), rowShape: ints(-1, 6) };
    const bias = { shape: [3], values: [1, 2, 3] };
    const models = [
      await graphAfterHidden(regrouped, { classes: 6, constants: { ...shapesOfIt, bias } }),
      await graphAfterHidden(relu),
      await graphAfterHidden(sum),
      await graphAfterHidden([scores], { constants: { bias: { shape: [1], values: [1] } } }),
    ];
    for (const model of models) {
      expect(await featuresOf(model, 'hidden').head()).toBeUndefined();
      expect(() => featuresOf(model)).toThrow('features must be the node of the features: one of end');
      model.dispose();
    }
  });

  test('rows that are not one for each image are refused', async () => {
    const split = [
      node('product', 'MatMul', ['hidden', 'kernel'], product()),
      node('scores', 'Reshape', ['product', 'pairShape']),
      softmax('scores'),
    ];
    const model = await graphAfterHidden(split, { classes: 6, constants: { pairShape: ints(-1, 3) } });
    await expect(valuesOf(featuresOf(model))).rejects.toThrow('output of scores must be 4 rows, one for each image');
    model.dispose();
  });

  test('a scorer of the head fits where the kernel is the other way round', async () => {
    const { nodes } = heads['a kernel the other way round']!;
    const model = await graphAfterHidden(nodes, { constants: turned });
    const x = images();
    const data = Uint8Array.from({ length: 60 * 36 }, (_, i) => (i * 7919) % 251);
    const set = { images: data, shape: [60, 6, 6, 1] as const };
    const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
    const detector = await fitDetector(model, { images: set, labels }, { scorer: react(), alpha: 0.2 });
    expect(await detector.predict(x)).toHaveLength(COUNT);
    x.dispose();
    detector.dispose();
    model.dispose();
  });
});
