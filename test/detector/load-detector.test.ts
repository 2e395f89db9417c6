import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError } from 'tfjs-ood';
import * as scorers from 'tfjs-ood/scorers';
import { fitDetector, fitOutputDetector, loadDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
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
    const hint =
      "loadOutputDetector: scorer must be ensemble([mahalanobis(), msp()]), as the file is of kind 'ensemble' " +
      "(import { ensemble, mahalanobis, msp } from 'tfjs-ood/scorers'), got ";
    expect(() => loadOutputDetector(detector.toBytes())).toThrow(`${hint}none`);
    expect(() => loadOutputDetector(detector.toBytes(), { methods: scorerMethods })).toThrow(ArgumentError);
    expect(() => loadOutputDetector(detector.toBytes(), { methods: scorerMethods })).toThrow(`${hint}methods alone`);
    const methods = { ...scorerMethods, ensemble: () => scorer };
    loadOutputDetector(detector.toBytes(), { methods }).dispose();
    const again = loadOutputDetector(detector.toBytes(), { scorer });
    expect(await again.predict(outputs)).toEqual(await detector.predict(outputs));
    again.dispose();
    detector.dispose();
  });

  test('of methods that make none', async () => {
    const detector = await fitOutputDetector(outputs, options);
    const load = (made: unknown) => () =>
      loadOutputDetector(detector.toBytes(), { methods: { 'nearest-class-mean': made } as never });
    for (const made of [5, nearestClassMean(), () => ({}), () => undefined]) expect(load(made)).toThrow(ArgumentError);
    expect(load(5)).toThrow("methods['nearest-class-mean'] must be a function, got 5");
    expect(load(() => ({}))).toThrow("methods['nearest-class-mean']() must be a method such as mahalanobis()");
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

describe('where a detector is kept', () => {
  const model = () => tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [2], units: 2, name: 'last' })] });
  const any = <T>(value: unknown) => value as T;

  test('is named where it is no place', async () => {
    const images = tf.tensor2d(data, [60, 2]);
    const around = model();
    const detector = await fitDetector(around, { images }, { scorer: energy(), alpha: 0.2 });
    const bytes = detector.toBytes();
    for (const [source, received] of [
      [undefined, '[object Undefined]'],
      [null, '[object Null]'],
      [5, '[object Number]'],
      [{}, '[object Object]'],
      [bytes.slice().buffer, '[object ArrayBuffer]'],
      [Promise.resolve(bytes), '[object Promise]'],
      [{ save() {} }, '[object Object]'],
    ]) {
      const loaded = loadDetector(around, any(source), { scorer: energy() });
      await expect(loaded).rejects.toThrow(ArgumentError);
      const expected = 'bytes in a Uint8Array, a URL, the path of a file in Node or a handler with load()';
      await expect(loaded).rejects.toThrow(`loadDetector: source must be ${expected}, got ${received as string}`);
    }
    const empty = { load: () => Promise.resolve(any<tf.io.ModelArtifacts>(undefined)) };
    await expect(loadDetector(around, empty, { scorer: energy() })).rejects.toThrow(FormatError);
    for (const target of [undefined, null, {}, { load() {} }]) {
      const saved = detector.save(any(target));
      await expect(saved).rejects.toThrow(ArgumentError);
      await expect(saved).rejects.toThrow('Detector.save: target must be a URL or a handler with save(), got [object ');
    }
    for (const one of [detector, around, images]) one.dispose();
  });

  test('a file must say what its logits mean', async () => {
    const images = tf.tensor2d(data, [60, 2]);
    const tags = tfl.sequential({
      layers: [tfl.layers.dense({ inputShape: [2], units: 2, activation: 'sigmoid', name: 'last' })],
    });
    const scorer = scorers.nearestNeighbors({ k: 3 });
    const detector = await fitDetector(tags, { images }, { scorer, alpha: 0.2 });
    const { tensors, metadata } = decodeSafetensors(detector.toBytes());
    const { meaning, ...about } = JSON.parse(metadata.about!) as Record<string, unknown>;
    expect(meaning).toBe('tags');
    const before = encodeSafetensors(tensors, { ...metadata, about: JSON.stringify(about) });
    await expect(loadDetector(tags, before, { scorer })).rejects.toThrow(
      'loadDetector: metadata.about.meaning must be one of classes, tags, got nothing',
    );
    for (const one of [detector, tags, images]) one.dispose();
  });
});
