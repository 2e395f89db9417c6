import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as metrics from 'tfjs-ood/metrics';
import { describe, expect, test } from 'vitest';
import { ArgumentError, auroc, rankScores } from 'tfjs-ood';

type Metric = (...given: unknown[]) => unknown;

/** Every metric that takes either two lists or ranked scores, with options that are not its defaults. */
const bare = ['auroc', 'detectionError', 'detectionAccuracy', 'oodMetrics', 'equalErrorRate'];
const published = ['fprAtTprOpenOOD', 'fprAtTprOdin'];
const withOptions: Record<string, object> = {
  averagePrecision: { positive: 'in' },
  trapezoidAupr: { positive: 'in' },
  fprAtTpr: { positive: 'out', tpr: 0.6, rule: 'nearest' },
  aurocInterval: { confidence: 0.5, method: 'delong' },
  partialAuroc: { maxFpr: 0.3, positive: 'in' },
  rocCurve: { positive: 'in', points: 3 },
  precisionRecallCurve: { positive: 'in', points: 3 },
  autc: { scaling: 'min-max' },
};
const optionsOf = (name: string) => (name in withOptions ? [withOptions[name]] : []);
const names = [...bare, ...published, ...Object.keys(withOptions)];
const named = (name: string) => (metrics as unknown as Record<string, Metric>)[name]!;

const inScores = [0.1, 0.2, 0.3, 0.4, 0.4, 0.55];
const outScores = [0.35, 0.4, 0.6, 0.7];
const ranked = rankScores(inScores, outScores);

/** What a call says: its details, or that it said nothing. */
function complaint(call: () => unknown) {
  try {
    call();
  } catch (error) {
    if (error instanceof ArgumentError) return error.details;
    throw error;
  }
  return undefined;
}
const scoresWanted = 'inScores and outScores, or only what rankScores(inScores, outScores) gives';

test('no metric has a second name for ranked scores', () => {
  expect(names).toHaveLength(15);
  expect(Object.keys(metrics).filter((name) => name.endsWith('Of'))).toEqual([]);
});

describe.each(names)('%s', (name) => {
  const metric = named(name);
  const options = optionsOf(name);

  test('gives the same of two lists and of ranked scores', () => {
    const expected = metric(inScores, outScores, ...options);
    expect(metric(ranked, ...options)).toEqual(expected);
    expect(metric(structuredClone(ranked), ...options)).toEqual(expected); // as from a worker
    expect(metric(Float32Array.from([1, 2]), [2, 3], ...options)).toEqual(metric([1, 2], [2, 3], ...options));
    expect(ranked).toEqual(rankScores(inScores, outScores)); // nothing was written into it
  });

  test('says what to pass', () => {
    for (const [given, received] of [
      [[], 'nothing and nothing'],
      [[inScores], 'an array and nothing'],
      [[inScores, undefined, ...options], 'an array and nothing'],
      [[Float64Array.from(inScores)], 'an array and nothing'],
      [[0.5], 'a number and nothing'],
      [[null], 'an object and nothing'],
      [[JSON.parse(JSON.stringify(ranked))], 'an object and nothing'],
      [[ranked, outScores], 'ranked scores and an array'],
      [[ranked, outScores, ...options], 'ranked scores and an array'],
      [[ranked, new Float32Array(2)], 'ranked scores and an array'],
      [[ranked, ranked], 'ranked scores and ranked scores'],
      [[inScores, ranked], 'an array and ranked scores'],
    ] as const) {
      const expected = { where: name, what: 'arguments', expected: scoresWanted, received };
      expect(complaint(() => metric(...given))).toEqual(expected);
    }
    // A tensor, a promise or options in the place of scores.
    for (const wrong of [tf.tensor1d(outScores), Promise.resolve(outScores), { positive: 'in' }, () => outScores]) {
      expect(complaint(() => metric(wrong, outScores))?.what).toBe('inScores');
      if (typeof wrong !== 'function') expect(complaint(() => metric(inScores, wrong))?.what).toBe('outScores');
    }
  });
});

describe.each(Object.keys(withOptions))('options of %s', (name) => {
  test('are an object, and no list, number, name, tensor or ranked scores', () => {
    const metric = named(name);
    for (const [wrong, received] of [
      [0.9, '0.9'],
      ['in', 'in'],
      [null, 'null'],
      [Promise.resolve({}), '[object Promise]'],
      [() => ({}), 'a function'],
    ] as const) {
      const expected = { where: name, what: 'options', expected: 'an object', received };
      expect(complaint(() => metric(inScores, outScores, wrong))).toEqual(expected);
      expect(complaint(() => metric(ranked, wrong))).toEqual(expected);
    }
    for (const wrong of [[1], ranked, tf.tensor1d([1])]) {
      expect(complaint(() => metric(inScores, outScores, wrong))?.what).toBe('options');
    }
    const bareOptions = Object.assign(Object.create(null) as object, withOptions[name]);
    expect(metric(ranked, bareOptions)).toEqual(metric(ranked, withOptions[name]));
  });
});

test('options that must be given are asked for by name', () => {
  for (const given of [[ranked], [inScores, outScores]]) {
    expect(complaint(() => named('partialAuroc')(...given))?.what).toBe('maxFpr');
    expect(complaint(() => named('autc')(...given))?.what).toBe('scaling');
  }
});

test('a metric without options is a callback, of map and of the bootstrap', () => {
  const value = auroc(inScores, outScores);
  expect([ranked, ranked].map(auroc)).toEqual([value, value]);
  expect(metrics.bootstrapInterval(inScores, outScores, auroc, { seed: 1, resamples: 40 }).value).toBe(value);
  expect(complaint(() => named('auroc')(ranked, {}))?.received).toBe('ranked scores and an object');
});
