import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { fitOutputDetector, growingDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { detectorToOnnx } from 'tfjs-ood/onnx';
import { ensemble, hnswIndex, mahalanobis, msp, nearestNeighbors, odin, type ScorerMethod } from 'tfjs-ood/scorers';
import { KINDS } from '../../src/scorers/kinds';
import { countFrom } from '../../src/core/p-value';
import { countBelow } from '../../src/onnx/graph/count-below';
import { onnxGraph, type OnnxGraph } from '../../src/onnx/graph/onnx-graph';
import { log1pOf } from '../../src/onnx/graph/row-arithmetic';
import { writtenModel } from '../../src/onnx/protobuf/write-messages';
import { expectSameVerdicts } from './same-verdicts';
import { numbersOf, runOnnx } from './run-onnx';
import { CLASSES, FAR, fitted, METHODS, outputs } from './small-detectors';

beforeAll(() => tf.setBackend('cpu'));

describe('a graph says what its detector says', () => {
  const [known, asked] = [outputs(400, 1), outputs(300, 2, { strange: 6 })];
  test.for(Object.keys(METHODS))('%s', async (name) => {
    const detector = await fitted(name, known);
    const tensors = tf.memory().numTensors;
    const bytes = detectorToOnnx(detector);
    expect(tf.memory().numTensors, 'no tensor is needed').toBe(tensors);
    const found = await runOnnx(bytes, asked as never);
    const isTags = detector.state.about.meaning === 'tags';
    const [last, type, dims] = isTags ? ['tags', 'bool', [300, CLASSES]] : ['label', 'int64', [300]];
    expect(Object.entries(found).map(([output, own]) => [output, own.type, own.dims])).toEqual([
      ['score', 'float32', [300]],
      ['p_value', 'float64', [300]],
      ['is_ood', 'bool', [300]],
      [last, type, dims],
    ]);
    expectSameVerdicts(found, await detector.predict(asked));
    detector.dispose();
  });
});

test('each kind of scorer is among those that were tried, but ODIN', () => {
  const kinds = Object.values(METHODS).map((method) => method().kind);
  expect([...new Set([...kinds, 'odin'])].sort()).toEqual([...KINDS]);
});

describe('far from the origin', () => {
  test.for([...FAR])('%s', async (name) => {
    const [known, asked] = [outputs(400, 3, { away: 3000 }), outputs(300, 4, { away: 3000, strange: 6 })];
    const detector = await fitted(name, known);
    expectSameVerdicts(await runOnnx(detectorToOnnx(detector), asked as never), await detector.predict(asked));
    detector.dispose();
  });
});

describe('ways to calibrate', () => {
  const [known, asked] = [outputs(120, 5), outputs(300, 6, { strange: 3 })];
  const same = async (options: object, name = 'mahalanobis', rows = known) => {
    const detector = await fitted(name, rows, options);
    const found = await runOnnx(detectorToOnnx(detector), asked as never);
    expectSameVerdicts(found, await detector.predict(asked));
    const alarms = numbersOf(found.is_ood).filter((alarm) => alarm).length;
    detector.dispose();
    return alarms;
  };
  test('folds, each with scores of its own', async () => {
    expect(await same({ calibration: 'cross', folds: 4 })).toBeGreaterThan(0);
  });
  test('folds of an ensemble', async () => {
    await same({ calibration: 'cross', folds: 3 }, 'ensemble, max');
  });
  test('folds that were calibrated anew, by their mean', async () => {
    const detector = await fitted('mahalanobis', known, { calibration: 'cross', folds: 3 });
    const anew = await detector.recalibrate(outputs(90, 8));
    expectSameVerdicts(await runOnnx(detectorToOnnx(anew), asked as never), await anew.predict(asked));
    detector.dispose();
    anew.dispose();
  });
  test('with a confidence there are fewer alarms', async () => {
    const rows = outputs(1000, 7);
    expect(await same({ confidence: 0.95 }, 'energy', rows)).toBeLessThan(await same({}, 'energy', rows));
  });
  test('too few scores for any alarm', async () => {
    expect(await same({ calibration: 'held-out', acceptNoAlarm: true, alpha: 0.001 })).toBe(0);
  });
});

describe('parts of the graphs', () => {
  const ofColumn = async (write: (g: OnnxGraph, value: string) => string, asked: readonly number[]) => {
    const g = onnxGraph('', 13);
    const value = g.node('Cast', [g.input({ name: 'x', element: 'float', shape: ['N', 1] })], { to: 11 });
    g.output('Identity', [write(g, value)], { name: 'y', element: 'double', shape: ['N', 1] });
    const model = { irVersion: 7, opset: 13, producer: ['', ''], docString: '', graphName: 'g', metadata: {} } as const;
    const x = { data: Float32Array.from(asked), shape: [asked.length, 1] as [number, number] };
    return numbersOf((await runOnnx(writtenModel({ ...model, graph: g.chunks() }), { x })).y);
  };

  test.for([1, 2, 63, 64, 65, 66, 99, 100, 101, 1000])(
    'counts of %i scores are those of a sorted search',
    async (count) => {
      const integers = (most: number) => fc.integer({ min: -Math.ceil(most), max: Math.ceil(most) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(integers(Math.max(3, count / 4)), { minLength: count, maxLength: count }),
          fc.array(integers(Math.max(4, count / 3)), { minLength: 1, maxLength: 20 }),
          async (list, some) => {
            const ascending = Float64Array.from(list).sort();
            const asked = [...some, ascending[0]!, ascending.at(-1)!, ascending.at(-1)! + 1, ascending[0]! - 1];
            const below = await ofColumn((g, score) => countBelow(g, 'known', score, ascending), asked);
            expect(below).toEqual(asked.map((own) => count - countFrom(ascending, own)));
          },
        ),
        { numRuns: 8 },
      );
    },
  );

  test('log(1 + u) is that of small and of large u', async () => {
    const asked = Array.from({ length: 200 }, (_, i) => Math.fround(10 ** (i / 5 - 36)));
    const found = await ofColumn((g, u) => log1pOf(g, u), [0, ...asked]);
    expect(found[0]).toBe(0);
    asked.forEach((u, i) => expect(Math.abs(found[i + 1]! / Math.log1p(u) - 1)).toBeLessThan(3e-12));
  });
});

test('a row that a detector refuses is never known: score and p-value NaN, and OoD', async () => {
  const known = outputs(200, 9);
  for (const name of Object.keys(METHODS)) {
    const detector = await fitted(name, known);
    const asked = outputs(6, 10);
    const finite = numbersOf((await runOnnx(detectorToOnnx(detector), asked as never)).score);
    [NaN, Infinity, -Infinity].forEach((value, row) => {
      asked.features.data[row * 12 + 3] = value;
      asked.logits.data[row * CLASSES + 1] = value;
    });
    const found = await runOnnx(detectorToOnnx(detector), asked as never);
    expect(numbersOf(found.score).map(Number.isNaN), name).toEqual([true, true, true, false, false, false]);
    expect(numbersOf(found.p_value).map(Number.isNaN), name).toEqual([true, true, true, false, false, false]);
    expect(numbersOf(found.is_ood).slice(0, 3), name).toEqual([1, 1, 1]);
    expect(numbersOf(found.score).slice(3), 'the others stay').toEqual(finite.slice(3));
    detector.dispose();
  }
});

test('features of no ReLU have no score where the detector throws', async () => {
  for (const name of ['ash, s', 'scale']) {
    const detector = await fitted(name, outputs(200, 9));
    const asked = outputs(2, 11);
    asked.features.data.fill(-1, 0, 12);
    await expect(detector.predict(asked)).rejects.toThrow(/activations of a ReLU/);
    const found = await runOnnx(detectorToOnnx(detector), asked as never);
    expect(numbersOf(found.score).map(Number.isNaN)).toEqual([true, false]);
    expect(numbersOf(found.is_ood)[0]).toBe(1);
    detector.dispose();
  }
});

test('rows of zeros, a row of the bank itself, a mean itself, equal logits', async () => {
  const known = outputs(200, 12);
  for (const name of Object.keys(METHODS)) {
    const detector = await fitted(name, known);
    const asked = outputs(4, 13);
    asked.features.data.fill(0, 0, 12);
    asked.logits.data.fill(0, 0, CLASSES);
    asked.features.data.set(known.features.data.subarray(0, 12), 12);
    asked.logits.data.set(known.logits.data.subarray(0, CLASSES), CLASSES);
    asked.logits.data.set([80, -80, 0, -90, 1], 2 * CLASSES);
    expectSameVerdicts(await runOnnx(detectorToOnnx(detector), asked as never), await detector.predict(asked));
    detector.dispose();
  }
});

test('logits that only name the class may stay away', async () => {
  const detector = await fitted('mahalanobis', outputs(200, 14));
  const asked = outputs(20, 15);
  const found = await runOnnx(detectorToOnnx(detector, { withLabel: false }), { features: asked.features });
  expect(Object.keys(found)).toEqual(['score', 'p_value', 'is_ood']);
  expect(numbersOf(found.score)).toEqual((await detector.predict(asked)).map(({ score }) => score));
  const { features, labels } = outputs(200, 14);
  const without = await fitOutputDetector({ features, labels }, { scorer: mahalanobis() });
  expect(Object.keys(await runOnnx(detectorToOnnx(without), asked as never))).toEqual(['score', 'p_value', 'is_ood']);
  detector.dispose();
  without.dispose();
});

test('a detector from its file gives the same bytes', async () => {
  const detector = await fitted('vim', outputs(200, 16));
  const loaded = loadOutputDetector(detector.toBytes(), { methods: scorerMethods });
  expect(detectorToOnnx(loaded)).toEqual(detectorToOnnx(detector));
  detector.dispose();
  loaded.dispose();
});

describe('what has no graph says why', () => {
  const known = outputs(200, 17);
  const refuse = async (scorer: ScorerMethod, message: RegExp, options: object = {}) => {
    const detector = await fitOutputDetector(known, { scorer, ...options });
    expect(() => detectorToOnnx(detector)).toThrow(ArgumentError);
    expect(() => detectorToOnnx(detector)).toThrow(message);
    detector.dispose();
  };
  const library = {
    HierarchicalNSW: class {
      initIndex = () => undefined;
      addPoint = () => undefined;
      searchKnn = () => ({ neighbors: [0, 1, 2] });
    },
  };
  test('an approximate index', () =>
    refuse(
      nearestNeighbors({ k: 3, index: hnswIndex(library) }),
      /its approximate index is no graph .* got 'nearest-neighbors'/,
      {
        acceptNoAlarm: true,
      },
    ));
  test('a scorer of somebody', () =>
    refuse(
      {
        ...msp(),
        kind: 'mine',
        fit: async () => ({ ...(await msp().fit([], {})), state: () => ({ kind: 'mine', options: {}, tensors: {} }) }),
      },
      /it is none of this package/,
    ));
  test('label sets, unless they may be left out', async () => {
    await refuse(msp(), /without labelSets.*acceptNoLabelSets: true/, { labelSets: { alpha: 0.2 } });
    const detector = await fitOutputDetector(known, { scorer: msp(), labelSets: { alpha: 0.2 } });
    const found = await runOnnx(detectorToOnnx(detector, { acceptNoLabelSets: true }), known as never);
    expect(Object.keys(found)).toEqual(['score', 'p_value', 'is_ood', 'label']);
    detector.dispose();
  });
  test('ODIN, and an ensemble with it', () => {
    const scorer = { kind: 'odin', options: {}, tensors: {} };
    const state = { scorers: [scorer], calibrations: [Float64Array.of(1)], widths: {}, about: {} };
    expect(() => detectorToOnnx({ state } as never)).toThrow(/by a gradient, which ONNX has none of\), got 'odin'/);
    expect(odin().kind).toBe('odin');
    const members = [{ kind: 'odin', options: {} }];
    const calibration = { dtype: 'F32', shape: [1, 2], data: Float32Array.of(1, 2) };
    const joined = { kind: 'ensemble', options: { combine: 'max', members }, tensors: { calibration } };
    expect(() => detectorToOnnx({ state: { ...state, scorers: [joined] } } as never)).toThrow(/got 'odin'/);
    expect(ensemble([msp()]).kind).toBe('ensemble');
  });
  test('a growing detector, and what is none', () => {
    const growing = growingDetector({ alpha: 0.1 });
    expect(() => detectorToOnnx(growing as never)).toThrow(/a growing one changes with each row/);
    for (const wrong of [undefined, null, {}, 3]) expect(() => detectorToOnnx(wrong as never)).toThrow(ArgumentError);
  });
});
