import * as tf from '@tensorflow/tfjs-core';
import { featuresOf } from 'tfjs-ood/detector';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { graphAfterHidden } from './graph-model';
import { COUNT, expectHead, valuesAt, valuesOf } from './graph-values';
import { fused, keepDims, node, product, T, type Constant } from './tfjs-graph';

const ints = (...values: number[]): Constant => ({ shape: [values.length], values, dtype: 'int32' });
const one: Constant = { shape: [], values: [1] };
const two: Constant = { shape: [], values: [2] };

const scores = [
  node('product', 'MatMul', ['hidden', 'kernel'], product()),
  node('scores', 'BiasAdd', ['product', 'bias']),
];
const last = ints(-1);
const identity = (name: string, input: string) => node(name, 'Identity', [input]);
const cast = (name: string, input: string) => node(name, 'Cast', [input], { SrcT: T, DstT: T, Truncate: { b: false } });
const reshape = (name: string, input: string, shape: string) => node(name, 'Reshape', [input, shape]);
const shapes = { flat: ints(-1, 3), tall: ints(-1, 1, 1, 3) };

/** Softmaxes of `scores`, each with nodes of what it ends in. */
const softmaxes: Record<string, object[]> = {
  'spelled out': [
    node('max', 'Max', ['scores', 'last'], keepDims(true)),
    node('sub', 'Sub', ['scores', 'max']),
    node('exp', 'Exp', ['sub']),
    node('sum', 'Sum', ['exp', 'last'], keepDims(true)),
    node('end', 'RealDiv', ['exp', 'sum']),
  ],
  'spelled out, with steps between that change no number': [
    identity('a', 'scores'),
    node('stop', 'StopGradient', ['a']),
    node('max', 'Max', ['stop', 'last'], keepDims(true)),
    identity('b', 'max'),
    node('sub', 'Sub', ['a', 'b']),
    reshape('tallSub', 'sub', 'tall'),
    node('exp', 'Exp', ['tallSub']),
    cast('castExp', 'exp'),
    node('sum', 'Sum', ['castExp', 'last'], keepDims(true)),
    node('shares', 'RealDiv', ['castExp', 'sum']),
    node('squeezed', 'Squeeze', ['shares'], { T, squeeze_dims: { list: { i: ['1', '2'] } } }),
    identity('end', 'squeezed'),
  ],
  'spelled out, without the maximum': [
    node('exp', 'Exp', ['scores']),
    node('sum', 'Sum', ['exp', 'last'], keepDims(true)),
    node('end', 'RealDiv', ['exp', 'sum']),
  ],
  'spelled out by the inverse of the sum': [
    node('max', 'Max', ['scores', 'last'], keepDims(true)),
    node('sub', 'Sub', ['scores', 'max']),
    node('exp', 'Exp', ['sub']),
    node('sum', 'Sum', ['exp', 'last'], keepDims(true)),
    node('inverse', 'Reciprocal', ['sum']),
    node('end', 'Mul', ['inverse', 'exp']),
  ],
  'by its logarithm': [node('log', 'LogSoftmax', ['scores']), node('end', 'Exp', ['log'])],
  'by its logarithm, spelled out': [
    node('max', 'Max', ['scores', 'last'], keepDims(true)),
    node('sub', 'Sub', ['scores', 'max']),
    node('exp', 'Exp', ['sub']),
    node('sum', 'Sum', ['exp', 'last'], keepDims(true)),
    node('logSum', 'Log', ['sum']),
    node('log', 'Sub', ['sub', 'logSum']),
    node('end', 'Exp', ['log']),
  ],
  'between reshapes, as in TF-slim': [
    reshape('rows', 'scores', 'flat'),
    node('softmax', 'Softmax', ['rows']),
    reshape('end', 'softmax', 'tall'),
  ],
};

onEachBackend('the end of a GraphModel', () => {
  test.each(Object.keys(softmaxes))('a softmax %s: the logits before it', async (how) => {
    const model = await graphAfterHidden([...scores, ...softmaxes[how]!], { constants: { last, ...shapes } });
    const reader = featuresOf(model);
    const [logits, hidden, shares] = await valuesAt(model, 'scores', 'hidden', 'end');
    const own = await valuesOf(reader);
    expectClose(own.logits, logits!, { absolute: 1e-6 });
    expectClose(own.features, hidden!, { absolute: 1e-6 });
    expect(reader.meaning).toBe('classes');
    await expectHead(reader);
    const again = tf.tidy(() => tf.softmax(tf.tensor2d(own.logits, [COUNT, 3])));
    expectClose(await again.data(), shares!, { absolute: 1e-6 });
    again.dispose();
    // The same where the softmax is what is named.
    expect((await valuesOf(featuresOf(model, { logits: 'end' }))).logits).toEqual(own.logits);
    model.dispose();
  });

  test('the logarithm of a softmax as the output: still the logits, whose size energy needs', async () => {
    const spelled = softmaxes['by its logarithm, spelled out']!.slice(0, -1);
    for (const nodes of [
      [node('log', 'LogSoftmax', ['scores'])],
      spelled,
      [...softmaxes['by its logarithm']!, node('ln', 'Log', ['end'])],
    ]) {
      const model = await graphAfterHidden([...scores, ...nodes], { constants: { last } });
      const [logits] = await valuesAt(model, 'scores');
      expectClose((await valuesOf(featuresOf(model))).logits, logits!, { absolute: 1e-6 });
      model.dispose();
    }
  });

  test('a softmax of the logarithm of a softmax', async () => {
    const twice = [node('log', 'LogSoftmax', ['scores']), node('end', 'Softmax', ['log'])];
    const model = await graphAfterHidden([...scores, ...twice]);
    const [logits] = await valuesAt(model, 'scores');
    expectClose((await valuesOf(featuresOf(model))).logits, logits!, { absolute: 1e-6 });
    model.dispose();
  });

  test('a difference that is the logarithm of no softmax stays', async () => {
    const other = [
      node('exp', 'Exp', ['product']),
      node('sum', 'Sum', ['exp', 'last'], keepDims(true)),
      node('log', 'Log', ['sum']),
      node('end', 'Sub', ['scores', 'log']),
    ];
    const model = await graphAfterHidden([...scores, ...other], { constants: { last } });
    expect(featuresOf(model, 'hidden').names.logits).toBe('end');
    model.dispose();
  });

  test('a layer between the product and the softmax stays', async () => {
    const divided = [node('cooled', 'RealDiv', ['scores', 'two']), node('end', 'Softmax', ['cooled'])];
    const model = await graphAfterHidden([...scores, ...divided], { constants: { two } });
    const [logits] = await valuesAt(model, 'cooled');
    const reader = featuresOf(model, 'hidden');
    expectClose((await valuesOf(reader)).logits, logits!, { absolute: 1e-6 });
    expect(await reader.head()).toBeUndefined();
    model.dispose();
  });

  test('shares of something unknown are no logits', async () => {
    const shares = [node('sum', 'Sum', ['relu', 'last'], keepDims(true)), node('end', 'RealDiv', ['relu', 'sum'])];
    const shifted = [node('shift', 'Sub', ['scores', 'product']), node('relu', 'Exp', ['shift'])];
    // The logits would be scores / 2, of which there is no tensor.
    const scaled = [
      node('max', 'Max', ['scores', 'last'], keepDims(true)),
      node('sub', 'Sub', ['scores', 'max']),
      node('cooled', 'RealDiv', ['sub', 'two']),
      node('relu', 'Exp', ['cooled']),
    ];
    for (const before of [[node('relu', 'Relu', ['scores'])], shifted, scaled]) {
      const model = await graphAfterHidden([...scores, ...before, ...shares], { constants: { last, two } });
      expect(() => featuresOf(model)).toThrow(/featuresOf: model must be .* got shares 'end'/);
      expect(() => featuresOf(model, { logits: 'end' })).toThrow(/featuresOf: logits must be .* got shares 'end'/);
      expect(featuresOf(model, { logits: 'scores' }).names).toEqual({ features: 'hidden', logits: 'scores' });
      model.dispose();
    }
  });

  test('what is made of shares alone is no logits, unless it is named', async () => {
    const softmax = [...scores, node('p', 'Softmax', ['scores'])];
    const pair = { T, N: { i: '2' }, Tidx: { type: 'DT_INT32' } };
    const [low, high] = [
      { shape: [], values: [1e-7] },
      { shape: [], values: [1 - 1e-7] },
    ];
    const ends: Record<string, object[]> = {
      clipped: [...softmax, node('end', 'ClipByValue', ['p', 'low', 'high'])],
      'clipped by two': [...softmax, node('least', 'Maximum', ['p', 'low']), node('end', 'Minimum', ['least', 'high'])],
      scaled: [...softmax, node('end', 'Mul', ['one', 'p'])],
      'the other side': [...scores, node('p', 'Sigmoid', ['scores']), node('end', 'Sub', ['one', 'p'])],
      'both sides': [
        ...scores,
        node('p', 'Sigmoid', ['scores']),
        node('no', 'Sub', ['one', 'p']),
        node('end', 'ConcatV2', ['no', 'p', 'last'], pair),
      ],
      'a mean of two': [
        ...softmax,
        node('q', 'Softmax', ['product']),
        node('sum', 'AddV2', ['p', 'q']),
        node('end', 'RealDiv', ['sum', 'two']),
      ],
    };
    for (const [how, nodes] of Object.entries(ends)) {
      const model = await graphAfterHidden(nodes, { constants: { one, two, low, high, last } });
      const message = /^featuresOf: model must be a softmax .* one of end, .* got shares 'end'$/;
      expect(() => featuresOf(model, 'hidden'), how).toThrow(message);
      const [end] = await valuesAt(model, 'end');
      expectClose((await valuesOf(featuresOf(model, { features: 'hidden', logits: 'end' }))).logits, end!);
      model.dispose();
    }
    // Gates are no shares: what they open and close are scores.
    const gated = [...scores, node('gate', 'Sigmoid', ['product']), node('end', 'Mul', ['scores', 'gate'])];
    const model = await graphAfterHidden(gated);
    expect(featuresOf(model, 'hidden').names.logits).toBe('end');
    model.dispose();
  });

  test('what only looks like a sigmoid spelled out', async () => {
    const spelled = (above: string, beside: string) => [
      ...scores,
      node('negative', 'Neg', ['scores']),
      node('exp', 'Exp', ['negative']),
      node('sum', 'AddV2', [beside, 'exp']),
      node('end', 'RealDiv', [above, 'sum']),
    ];
    for (const [above, beside] of [
      ['two', 'one'],
      ['one', 'two'],
    ] as const) {
      const model = await graphAfterHidden(spelled(above, beside), { constants: { one, two } });
      expect(featuresOf(model, 'hidden').names.logits).toBe('end');
      expect(featuresOf(model, 'hidden').meaning).toBe('classes');
      model.dispose();
    }
  });

  const below = [
    node('negative', 'Neg', ['scores']),
    node('exp', 'Exp', ['negative']),
    node('sum', 'AddV2', ['one', 'exp']),
  ];
  const sigmoids: Record<string, object[]> = {
    'as a node': [...scores, node('sigmoid', 'Sigmoid', ['scores']), identity('end', 'sigmoid')],
    'spelled out': [...scores, ...below, node('end', 'RealDiv', ['one', 'sum'])],
    'spelled out as an inverse': [...scores, ...below, node('end', 'Reciprocal', ['sum'])],
    'fused with its product': [
      node('end', '_FusedMatMul', ['hidden', 'kernel', 'bias'], { ...product(), ...fused('BiasAdd', 'Sigmoid') }),
    ],
    squeezed: [
      ...scores,
      node('squeezed', 'Squeeze', ['scores'], { T, squeeze_dims: { list: { i: ['1'] } } }),
      node('end', 'Sigmoid', ['squeezed']),
    ],
  };

  test.each(Object.keys(sigmoids))('a single sigmoid %s: two classes', async (how) => {
    const model = await graphAfterHidden(sigmoids[how]!, { classes: 1, constants: { one } });
    const [shares] = await valuesAt(model, 'end');
    for (const names of [{}, { logits: 'end' }, ...(how.startsWith('fused') ? [] : [{ logits: 'scores' }])]) {
      const reader = featuresOf(model, names);
      expect(reader.meaning).toBe('classes');
      const { logits, width } = await valuesOf(reader);
      expect(width).toBe(2);
      shares!.forEach((share, row) => {
        const [no, yes] = logits.subarray(2 * row) as unknown as [number, number];
        expect(yes).toBeCloseTo(-no, 6);
        expect(1 / (1 + Math.exp(no - yes))).toBeCloseTo(share, 5);
        expect(yes > no).toBe(share > 0.5);
      });
      await expectHead(reader);
    }
    model.dispose();
  });

  test.each(Object.keys(sigmoids).slice(0, -1))('several sigmoids %s: tags', async (how) => {
    const model = await graphAfterHidden(sigmoids[how]!, { constants: { one } });
    const [shares] = await valuesAt(model, 'end');
    const reader = featuresOf(model);
    expect(reader.meaning).toBe('tags');
    const { logits, width } = await valuesOf(reader);
    expect(width).toBe(3);
    expectClose(
      logits.map((z) => 1 / (1 + Math.exp(-z))),
      shares!,
      { absolute: 1e-5 },
    );
    await expectHead(reader);
    model.dispose();
  });

  test('a graph that hides how many sigmoids there are', async () => {
    const hidden = [
      ...scores,
      node('clipped', 'ClipByValue', ['scores', 'low', 'high']),
      node('end', 'Sigmoid', ['clipped']),
    ];
    const bounds = { low: { shape: [], values: [-1] }, high: { shape: [], values: [1] } };
    const declared = { probability: { name: 'end:0', shape: [-1, 1] } };
    const [single, several, said] = [
      await graphAfterHidden(hidden, { classes: 1, constants: bounds }),
      await graphAfterHidden(hidden, { constants: bounds }),
      await graphAfterHidden(hidden, { classes: 1, constants: bounds, outputs: declared }),
    ];
    await expect(valuesOf(featuresOf(single, 'hidden'))).rejects.toThrow(
      'featuresOf: output of clipped must be [N, C]',
    );
    expect((await valuesOf(featuresOf(several, 'hidden'))).width).toBe(3);
    expect((await valuesOf(featuresOf(said, 'hidden'))).width).toBe(2);
    for (const model of [single, several, said]) model.dispose();
  });
});
