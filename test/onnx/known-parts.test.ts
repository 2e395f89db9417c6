import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { detectorToOnnx } from 'tfjs-ood/onnx';
import { classGaussians, mahalanobis, relativeMahalanobis } from 'tfjs-ood/scorers';
import { numbersOf, runOnnx } from './run-onnx';
import { fitted, METHODS, outputs } from './small-detectors';

beforeAll(() => tf.setBackend('cpu'));

type Part = Record<string, unknown>;

/** What the export says of a detector whose scorer has these besides. */
function exportOf(state: object, more: { options?: Part; tensors?: Part }): () => Uint8Array {
  const { scorers } = state as { scorers: { options: Part; tensors: Part }[] };
  const changed = scorers.map((own) => ({
    ...own,
    options: { ...own.options, ...more.options },
    tensors: { ...own.tensors, ...more.tensors },
  }));
  return () => detectorToOnnx({ state: { ...state, scorers: changed } } as never);
}

describe('a part that the graph does not know is refused, not left out', () => {
  const known = outputs(200, 21);
  const array = { dtype: 'F32', shape: [1], data: Float32Array.of(1) };
  test.for(Object.keys(METHODS))('%s', async (name) => {
    const detector = await fitted(name, known);
    const { state } = detector;
    expect(exportOf(state, {})()).toEqual(detectorToOnnx(detector));
    for (const more of [{ options: { later: 'squared' } }, { tensors: { later: array } }]) {
      expect(exportOf(state, more)).toThrow(ArgumentError);
      expect(exportOf(state, more)).toThrow(
        /without 'later', which its graph does not know and which may change scores/,
      );
    }
    detector.dispose();
  });

  test('of a member of an ensemble, and of a fold', async () => {
    const detector = await fitted('ensemble, max', known);
    const { state } = detector;
    const [vim, msp] = state.scorers[0]!.options.members as { kind: string; options: Part }[];
    const members = [vim, { ...msp, options: { ...msp!.options, later: 1 } }];
    expect(exportOf(state, { options: { members } })).toThrow(/state of scorer 'msp': .* got 'later'/);
    expect(exportOf(state, { options: { members: [vim, { ...msp, later: 1 }] } })).toThrow(/got 'later'/);
    expect(exportOf(state, { tensors: { '0.later': array } })).toThrow(/state of scorer 'vim': .* got 'later'/);
    expect(exportOf(state, { tensors: { '2.later': array } })).toThrow(/got '2.later'/);
    expect(exportOf(state, { options: { combine: 'stouffer' } })).toThrow(/combine must be one of fisher, max/);
    detector.dispose();
    const folds = await fitted('mahalanobis', outputs(100, 3), { calibration: 'cross', folds: 3 });
    const scorers = folds.state.scorers.map((own, k) => (k === 2 ? { ...own, options: { later: 1 } } : own));
    expect(() => detectorToOnnx({ state: { ...folds.state, scorers } })).toThrow(/got 'later'/);
    folds.dispose();
  });

  test('of the detector', async () => {
    const detector = await fitted('msp', known);
    const state = { ...detector.state, classThresholds: [1, 2] };
    expect(() => detectorToOnnx({ state })).toThrow(
      /detector.state must be of parts that a graph knows, got classThresholds/,
    );
    detector.dispose();
  });
});

test('so is a value that is none of those that it knows', async () => {
  const known = outputs(200, 22);
  const cases: readonly [string, Part, RegExp][] = [
    ['mahalanobis, length', { normalize: 'variance' }, /normalize must be one of length, got variance/],
    ['mahalanobis', { normalize: 'none' }, /normalize must be one of length/],
    ['nearest-neighbors', { normalize: 'center' }, /normalize must be one of length, none/],
    ['nearest-neighbors', { use: 'median' }, /use must be one of kth, mean/],
    ['nearest-class-mean', { distance: 'manhattan' }, /distance must be one of euclidean, cosine/],
    ['ash, s', { variant: 'x' }, /variant must be one of s, b, p/],
    ['react', { then: 'gen' }, /then must be one of energy, msp, max-logit/],
    ['energy', { temperature: '2' }, /temperature must be a number/],
  ];
  for (const [name, options, message] of cases) {
    const detector = await fitted(name, known);
    expect(exportOf(detector.state, { options }), name).toThrow(message);
    detector.dispose();
  }
});

describe('rows that are scaled to length 1', () => {
  const known = outputs(300, 23);
  const ways = { mahalanobis, relativeMahalanobis, classGaussians };
  test.for(Object.entries(ways))('%s: longer rows have the same score, zeros stay zeros', async ([, method]) => {
    const asked = outputs(8, 24);
    const long = asked.features.data.map((value) => value * 1024); // exact in float32
    const detector = await fitOutputDetector(known, { scorer: method({ normalize: 'length' }) });
    const plain = await fitOutputDetector(known, { scorer: method() });
    const scores = async (own: typeof detector, data: Float32Array) =>
      numbersOf(
        (await runOnnx(detectorToOnnx(own), { ...asked, features: { ...asked.features, data } } as never)).score,
      );
    expect(await scores(detector, long)).toEqual(await scores(detector, asked.features.data));
    expect(await scores(plain, long)).not.toEqual(await scores(plain, asked.features.data));
    const zeros = asked.features.data.slice().fill(0, 0, 12);
    const features = { ...asked.features, data: zeros };
    const own = (await detector.predict({ ...asked, features })).map(({ score }) => score);
    (await scores(detector, zeros)).forEach((score, row) =>
      expect(Math.abs(score - own[row]!)).toBeLessThanOrEqual(1e-4 * Math.abs(own[row]!)),
    );
    expect(Number.isFinite(own[0])).toBe(true);
    detector.dispose();
    plain.dispose();
  });
});
