import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import * as scorers from 'tfjs-ood/scorers';
import { fitOutputDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { KINDS } from '../../src/scorers/kinds';

const { energy, ensemble, mahalanobis, msp, nearestClassMean } = scorers;

const labels = Int32Array.from({ length: 60 }, (_, i) => i % 2);
const data = Float32Array.from({ length: 120 }, (_, i) => (i % 2 === labels[i >> 1] ? 4 : 0) + Math.sin(7 * i));
const rows = { data, shape: [60, 2] as const };
const outputs = { features: rows, logits: rows, labels };
const options = { scorer: nearestClassMean(), alpha: 0.1 };

beforeAll(() => tf.setBackend('cpu'));

describe('the scorer of a file', () => {
  test('is the one given, or one of the methods', async () => {
    const detector = await fitOutputDetector(outputs, options);
    const verdicts = await detector.predict(outputs);
    for (const given of [{ scorer: nearestClassMean() }, { methods: scorerMethods }]) {
      const again = loadOutputDetector(detector.toBytes(), given);
      expect(await again.predict(outputs)).toEqual(verdicts);
      again.dispose();
    }
    detector.dispose();
  });

  test('without it, or with another one, the error says which it is and where it comes from', async () => {
    const detector = await fitOutputDetector(outputs, options);
    const bytes = detector.toBytes();
    const hint =
      "loadOutputDetector: scorer must be nearestClassMean(), as the file is of kind 'nearest-class-mean' " +
      "(import { nearestClassMean } from 'tfjs-ood/scorers'; or take { methods: scorerMethods } for any kind), got ";
    expect(() => loadOutputDetector(bytes)).toThrow(ArgumentError);
    expect(() => loadOutputDetector(bytes)).toThrow(`${hint}none`);
    expect(() => loadOutputDetector(bytes, {})).toThrow(`${hint}none`);
    expect(() => loadOutputDetector(bytes, { scorer: energy() })).toThrow(`${hint}one of kind 'energy'`);
    expect(() => loadOutputDetector(bytes, { scorer: energy as never })).toThrow('a method such as mahalanobis()');
    expect(() => loadOutputDetector(bytes, { scorer: energy(), methods: scorerMethods })).toThrow(
      'methods must be left out, as there is a scorer',
    );
    expect(() => loadOutputDetector(bytes, { scorers: energy() } as never)).toThrow('without scorers (scorer?)');
    detector.dispose();
  });

  test('of an ensemble: its members', async () => {
    const scorer = ensemble([mahalanobis(), msp()]);
    const detector = await fitOutputDetector(outputs, { scorer, alpha: 0.2 });
    expect(() => loadOutputDetector(detector.toBytes())).toThrow('scorer must be ensemble([mahalanobis(), msp()]),');
    const again = loadOutputDetector(detector.toBytes(), { scorer });
    expect(await again.predict(outputs)).toEqual(await detector.predict(outputs));
    again.dispose();
    detector.dispose();
  });

  test('every kind is the name of a function', () => {
    expect([...Object.keys(scorerMethods), 'ensemble'].sort()).toEqual([...KINDS].sort());
    for (const kind of KINDS) {
      const name = kind.replace(/-[a-z]/g, (dash) => dash[1]!.toUpperCase());
      const make = (scorers as Record<string, unknown>)[name] as (methods?: unknown) => { kind: string };
      expect(make(kind === 'ensemble' ? [msp()] : undefined).kind).toBe(kind);
    }
  });
});
