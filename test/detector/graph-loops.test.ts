import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from 'tfjs-ood';
import { featuresOf, fitDetector, loadDetector, type DetectorOptions, scorerMethods } from 'tfjs-ood/detector';
import { energy, mahalanobis, odin } from 'tfjs-ood/scorers';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { graphAfterHidden } from './graph-model';
import { COUNT, images, valuesAt } from './graph-values';
import { node, placeholder, product, T, type Constant } from './tfjs-graph';

const scalar = (value: number, dtype: 'float32' | 'int32' | 'bool' = 'float32'): Constant => ({
  shape: [],
  values: [value],
  dtype,
});
const numbers = {
  zero: scalar(0),
  limit: scalar(3),
  step: scalar(1),
  factor: scalar(0.5),
  yes: scalar(1, 'bool'),
  no: scalar(0, 'bool'),
};
/** A function of a graph: its constants are the graph's, by the same names. */
const called = (name: string, args: string[], results: Record<string, string>, nodes: object[]) => ({
  signature: {
    name,
    inputArg: args.map((arg) => ({ name: arg, type: 'DT_FLOAT' })),
    outputArg: Object.keys(results).map((result) => ({ name: result, type: 'DT_FLOAT' })),
  },
  nodeDef: nodes,
  ret: results,
});
const constant = (name: string) => node(name, 'Const', [], { dtype: T, value: { tensor: { dtype: 'DT_FLOAT' } } });
const functions = [
  called('below', ['i', 'x'], { is: 'less' }, [constant('limit'), node('less', 'Less', ['i', 'limit'])]),
  called('halve', ['i', 'x'], { nextI: 'more', nextX: 'half' }, [
    constant('step'),
    constant('factor'),
    node('more', 'AddV2', ['i', 'step']),
    node('half', 'Mul', ['x', 'factor']),
  ]),
  called('one', ['x'], { same: 'kept' }, [node('kept', 'Identity', ['x'])]),
  called('other', ['x'], { half: 'halved' }, [constant('factor'), node('halved', 'Mul', ['x', 'factor'])]),
];
const func = (name: string) => ({ func: { name } });
const scores = [
  node('product', 'MatMul', ['hidden', 'kernel'], product()),
  node('scores', 'BiasAdd', ['product', 'bias']),
];
/** Loops and branches behind `scores`: the tensor of the logits, and what it is of them. */
const flows: Record<string, { nodes: object[]; logits: string; times: number }> = {
  While: {
    nodes: [node('loop', 'While', ['zero', 'scores'], { cond: func('below'), body: func('halve') })],
    logits: 'loop:1',
    times: 1 / 8,
  },
  StatelessIf: {
    nodes: [node('branch', 'StatelessIf', ['no', 'scores'], { then_branch: func('one'), else_branch: func('other') })],
    logits: 'branch',
    times: 1 / 2,
  },
  If: {
    nodes: [node('branch', 'If', ['yes', 'scores'], { then_branch: func('one'), else_branch: func('other') })],
    logits: 'branch',
    times: 1,
  },
  'Switch and Merge': {
    nodes: [
      node('switch', 'Switch', ['scores', 'yes']),
      node('halved', 'Mul', ['switch:1', 'factor']),
      node('merge', 'Merge', ['switch', 'halved']),
    ],
    logits: 'merge',
    times: 1 / 2,
  },
};
const flowing = (how: string, count = -1) => {
  const { nodes, logits } = flows[how]!;
  const end = { probabilities: { name: 'end:0' } };
  const all = [...scores, ...nodes, node('end', 'Softmax', [logits])];
  const given = placeholder('images', [count, 6, 6, 1]);
  return graphAfterHidden(all, { constants: numbers, functions, outputs: end, images: given });
};
const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
const known = {
  images: Uint8Array.from({ length: 60 * 36 }, (_, i) => (i * 7919) % 251),
  shape: [60, 6, 6, 1] as const,
};

onEachBackend('a GraphModel with loops and branches', () => {
  test.each(Object.keys(flows))('%s: outputs by waiting, and by name what cannot wait', async (how) => {
    const { logits, times } = flows[how]!;
    const model = await flowing(how);
    const reader = featuresOf(model, 'hidden');
    expect(reader.names).toEqual({ features: 'hidden', logits });
    const x = images();
    expect(() => reader.run(x)).toThrow(ArgumentError);
    expect(() => reader.run(x)).toThrow('a graph without loops and branches (take runAsync, or a detector)');
    expect(() => reader.logitsOf(x)).toThrow("where 'odin' wants the gradient");
    const before = tf.memory().numTensors;
    const own = await reader.runAsync(x);
    expect(tf.memory().numTensors).toBe(before + 2);
    const pairs = await flowing(how, 2);
    const inPairs = await featuresOf(pairs, 'hidden').runAsync(x);
    expectClose(await inPairs.logits.data(), await own.logits.data(), { absolute: 1e-6 });
    expectClose(await inPairs.features.data(), await own.features.data(), { absolute: 1e-6 });
    tf.dispose([inPairs.features, inPairs.logits]);
    pairs.dispose();
    const [scoresOfIt, hidden] = await valuesAt(model, 'scores', 'hidden');
    expect(own.logits.shape).toEqual([COUNT, 3]);
    expectClose(
      await own.logits.data(),
      scoresOfIt!.map((z) => z * times),
      { absolute: 1e-6 },
    );
    expectClose(await own.features.data(), hidden!, { absolute: 1e-6 });
    tf.dispose([x, own.features, own.logits]);
    model.dispose();
  });

  test('detectors fit, predict and come back; ODIN is refused by name', async () => {
    const model = await flowing('While');
    const x = images();
    const fit = (scorer: DetectorOptions['scorer']) =>
      fitDetector(model, { images: known, labels }, { scorer, alpha: 0.2, features: 'hidden' });
    for (const scorer of [energy(), mahalanobis()]) {
      const detector = await fit(scorer);
      const verdicts = await detector.predict(x);
      const again = await loadDetector(model, detector.toBytes(), { methods: scorerMethods });
      expect(await again.predict(x)).toEqual(verdicts);
      detector.dispose();
      again.dispose();
    }
    await expect(fit(odin())).rejects.toThrow(
      "fitDetector: model must be a graph without loops and branches, where 'odin'",
    );
    x.dispose();
    model.dispose();
  });

  test('what stands before the loop is had at once', async () => {
    const model = await flowing('While');
    const x = images();
    const reader = featuresOf(model, { logits: 'scores' });
    const [now, waited] = [reader.run(x), await reader.runAsync(x)];
    expect(await waited.logits.data()).toEqual(await now.logits.data());
    expect((await reader.head())!.shape).toEqual([5, 3]);
    tf.dispose([x, now.features, now.logits, waited.features, waited.logits]);
    model.dispose();
  });
});
