import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, type NamedArray } from 'tfjs-ood';
import * as scorers from 'tfjs-ood/scorers';
import { fitDetector, fitOutputDetector, loadDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { KINDS } from '../../src/detector/scorer-kinds';

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

type Tensors = Readonly<Record<string, NamedArray>>;
type Loading = (tensors: Tensors, metadata: Record<string, string>) => Promise<{ dispose(): void }>;

/** Other values of every kind that JSON has. */
const OTHERS = ['null', 'true', '-1', '0.5', '"text"', '[]', '[null]', '{}', '{"a":null}', 'no json', ''];

/** Every place in a value of JSON, from the outermost on. */
function* placesOf(value: unknown, path: string[] = []): Generator<string[]> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  for (const [name, inner] of Array.isArray(value) ? entries.slice(0, 2) : entries)
    yield* placesOf(inner, [...path, name]);
}

/** A copy with something else, or nothing, at a place. */
function withOther(value: unknown, [name, ...path]: string[], other: unknown): unknown {
  if (name === undefined) return other;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[name] = withOther(copy[name], path, other);
  if (copy[name] !== undefined) return copy;
  return Array.isArray(copy) ? copy.filter((_, i) => String(i) !== name) : (delete copy[name], copy);
}

const typeOf = (value: unknown) => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value);

/** What may be missing: files of before do not have it, or a fit without names or cut-points. */
const MAY_MISS = [
  'widths.features',
  'widths.logits',
  'cutPoints.strict',
  'about.features',
  'about.logits',
  'about.imageShape',
  'about.places',
  'about.places.features',
  'about.places.logits',
  'about.fingerprint.sketches',
];

async function checkDamages(bytes: Uint8Array, load: Loading, needsModel: boolean): Promise<number> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  let count = 0;
  const refused = async (what: string, damagedTensors: Tensors, damaged: Record<string, string>) => {
    const error = await load(damagedTensors, damaged).then(
      (loaded) => (loaded.dispose(), 'no error'),
      (thrown: unknown) => thrown,
    );
    expect(error, `${what}: ${String(error)}`).toBeInstanceOf(FormatError);
    count++;
  };
  (await load(tensors, metadata)).dispose();
  for (const name of Object.keys(metadata)) {
    const without = Object.fromEntries(Object.entries(metadata).filter(([other]) => other !== name));
    if (name !== 'widths') await refused(`without ${name}`, tensors, without);
    if (['format', 'version', 'kind'].includes(name)) {
      await refused(`${name} of another`, tensors, { ...metadata, [name]: '7' });
      continue;
    }
    const value: unknown = JSON.parse(metadata[name]!);
    for (const text of OTHERS) {
      const isSame = (() => {
        try {
          return typeOf(JSON.parse(text)) === typeOf(value);
        } catch {
          return false;
        }
      })();
      const isFree = isSame || (name === 'classNames' && text === 'null') || (name === 'widths' && text === '{}');
      if (!isFree) await refused(`${name} as ${text}`, tensors, { ...metadata, [name]: text });
    }
    if (name === 'about' && !needsModel) continue; // of the model, which is not there
    if (name === 'options') continue; // the scorer's own
    for (const path of placesOf(value)) {
      if (path.length === 0) continue;
      const place = [name, ...path].join('.');
      const put = (other: unknown) => ({ ...metadata, [name]: JSON.stringify(withOther(value, path, other)) });
      const inList = /\.\d+$/.test(place);
      if (!inList && !MAY_MISS.includes(place)) await refused(`without ${place}`, tensors, put(undefined));
      await refused(`${place} as another`, tensors, put({ stray: [null] }));
      await refused(`${place} as null`, tensors, put(null));
    }
  }
  await refused('another field', tensors, { ...metadata, stray: '1' });
  await refused(
    'another tensor',
    { ...tensors, stray: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } },
    metadata,
  );
  for (const [name, array] of Object.entries(tensors)) {
    const without = Object.fromEntries(Object.entries(tensors).filter(([other]) => other !== name));
    await refused(`without ${name}`, without, metadata);
    for (const value of array.dtype === 'I32' ? [] : [NaN, Infinity]) {
      const wrong = array.data.slice();
      wrong[wrong.length - 1] = value;
      await refused(`${value} in ${name}`, { ...tensors, [name]: { ...array, data: wrong } as NamedArray }, metadata);
    }
    const flat = { ...array, shape: [1, ...array.shape] } as NamedArray;
    await refused(`${name} with another dimension`, { ...tensors, [name]: flat }, metadata);
  }
  const { calibration } = tensors;
  const turned = { ...calibration, data: calibration!.data.slice().reverse() } as NamedArray;
  await refused('calibration descending', { ...tensors, calibration: turned }, metadata);
  return count;
}

describe('a damaged file is a FormatError and nothing else', () => {
  const scorer = mahalanobis();
  const fitted = { scorer, alpha: 0.1, cutPoints: { strict: 0.06 }, classNames: ['a', 'b'] };

  test('of outputs', async () => {
    const detector = await fitOutputDetector(outputs, fitted);
    const load: Loading = (tensors, metadata) =>
      new Promise((resolve) => resolve(loadOutputDetector(encodeSafetensors(tensors, metadata), { scorer })));
    expect(await checkDamages(detector.toBytes(), load, false)).toBeGreaterThan(90);
    detector.dispose();
  });

  test('of a model', async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({ inputShape: [2], units: 3, activation: 'relu', name: 'hidden' }),
        tfl.layers.dense({ units: 2, name: 'last' }),
      ],
    });
    const images = tf.tensor2d(data, [60, 2]);
    const named = { ...fitted, features: 'hidden', logits: 'last' };
    const detector = await fitDetector(model, { images, labels }, { ...named, scorer: nearestClassMean() });
    const load: Loading = (tensors, metadata) =>
      loadDetector(model, encodeSafetensors(tensors, metadata), { scorer: nearestClassMean() });
    expect(await checkDamages(detector.toBytes(), load, true)).toBeGreaterThan(120);
    for (const one of [detector, model, images]) one.dispose();
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
