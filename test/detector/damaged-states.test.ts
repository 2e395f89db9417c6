import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, FormatError, type NamedArray } from 'tfjs-ood';
import {
  fitDetector,
  fitOutputDetector,
  growingDetector,
  loadDetector,
  loadGrowingDetector,
  loadOutputDetector,
} from 'tfjs-ood/detector';
import { decodeScorer, encodeScorer, energy, mahalanobis, nearestClassMean } from 'tfjs-ood/scorers';
import { testDamages, type NamedArrays } from '../damage';

await tf.setBackend('cpu');
const labels = Int32Array.from({ length: 60 }, (_, i) => i % 2);
const data = Float32Array.from({ length: 120 }, (_, i) => (i % 2 === labels[i >> 1] ? 4 : 0) + Math.sin(7 * i));
const rows = { data, shape: [60, 2] as const };
const outputs = { features: rows, logits: rows, labels };
const fitted = { alpha: 0.1, cutPoints: { strict: 0.06 }, classNames: ['a', 'b'] };
const images = tf.tensor2d(data, [60, 2]);
const model = tfl.sequential({
  layers: [
    tfl.layers.dense({ inputShape: [2], units: 3, activation: 'relu', name: 'hidden' }),
    tfl.layers.dense({ units: 2, name: 'last' }),
  ],
});
afterAll(() => tf.dispose([images, ...model.getWeights()]));

/** What stands in a file, with the JSON of its metadata as values. */
interface Saved {
  tensors: NamedArrays;
  metadata: Record<string, unknown>;
}
const PLAIN = ['format', 'version', 'kind'];

function savedIn(bytes: Uint8Array): Saved {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const values = Object.entries(metadata).map(([name, text]) => [
    name,
    PLAIN.includes(name) ? text : (JSON.parse(text) as unknown),
  ]);
  return { tensors, metadata: Object.fromEntries(values) as Saved['metadata'] };
}

function bytesOf({ tensors, metadata }: Saved): Uint8Array {
  const texts = Object.entries(typeof metadata === 'object' ? (metadata ?? {}) : {}).map(([name, value]) => [
    name,
    PLAIN.includes(name) && typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return encodeSafetensors(tensors ?? {}, Object.fromEntries(texts) as Record<string, string>);
}

/** Names or cut-points that a fit may be without; and what files of before do not have, or a model that is the same. */
const MAY_MISS = [
  'widths',
  'widths.features',
  'widths.logits',
  'cutPoints.strict',
  'about.input', // files of before
  'about.features',
  'about.logits',
  'about.imageShape',
  'about.places',
  'about.places.features',
  'about.places.logits',
  'about.fingerprint.sketches',
];
const mayMiss = new RegExp(`^ and a stray|^metadata\\.(${MAY_MISS.join('|').replaceAll('.', '\\.')}) dropped`);
/** A smaller calibration, no names, classes that came without a row. */
const ALWAYS = '^calibration\\d* axis 0|^metadata\\.classNames as null|^metadata\\.classesWithoutRow as list';

describe('a damaged file is a FormatError and nothing else', () => {
  testDamages({
    name: 'a scorer',
    make: async () => savedIn(encodeScorer((await mahalanobis().fit([outputs], {})).state())),
    restore: (saved: Saved) =>
      savedIn(
        encodeScorer(
          mahalanobis()
            .restore(decodeScorer(bytesOf(saved)), {})
            .state(),
        ),
      ),
    mayMiss: /^(metadata)? and a stray/, // whoever writes safetensors may say more there
  });
  testDamages({
    name: 'a detector of outputs',
    make: async () => savedIn((await fitOutputDetector(outputs, { ...fitted, scorer: mahalanobis() })).toBytes()),
    restore(saved: Saved) {
      const detector = loadOutputDetector(bytesOf(saved), { scorer: mahalanobis() });
      detector.dispose();
      return savedIn(detector.toBytes());
    },
    // Of the model, which is not there
    free: new RegExp(`${ALWAYS}|^metadata\\.about and a stray`),
    mayMiss,
  });
  testDamages({
    name: 'a detector of a model',
    async make() {
      const named = { ...fitted, features: 'hidden', logits: 'last', scorer: nearestClassMean() };
      return savedIn((await fitDetector(model, { images, labels }, named)).toBytes());
    },
    async restore(saved: Saved) {
      const detector = await loadDetector(model, bytesOf(saved), { scorer: nearestClassMean() });
      detector.dispose();
      return savedIn(detector.toBytes());
    },
    free: new RegExp(
      `${ALWAYS}|^metadata\\.about\\.input\\.range as null|^metadata\\.about\\.fingerprint\\.sketches\\.\\d+(\\.sums\\.\\d+)? dropped|^scorer\\d*\\.means axis 1`,
    ), // features of another width: a ShapeError at the first image
    mayMiss,
  });
  testDamages({
    name: 'a growing detector',
    async make() {
      const detector = growingDetector({ alpha: 0.1 });
      await detector.add(rows, [...labels]);
      return savedIn(detector.toBytes());
    },
    restore: async (saved: Saved) => savedIn((await loadGrowingDetector(bytesOf(saved))).toBytes()),
    free: /^rows axis 1/, // one neighbor has no order that other columns would change
    mayMiss: /^ and a stray/,
  });
});

test('neighbors that are none, in another order, or not as many as k', async () => {
  const detector = growingDetector({ k: 2, normalize: 'none' });
  await detector.add({ data: Float32Array.of(0, 1, 3, 7), shape: [4, 1] }, [5, 5, 6, 6]);
  const { tensors, metadata } = savedIn(detector.toBytes());
  expect(Array.from(tensors.neighbors!.data as Int32Array)).toEqual([1, 2, 0, 2, 1, 0, 2, 1]);
  const loaded = (changed: NamedArrays, settings = metadata.settings) =>
    loadGrowingDetector(bytesOf({ tensors: { ...tensors, ...changed }, metadata: { ...metadata, settings } }));
  const nearest = (...data: number[]) => ({
    neighbors: { dtype: 'I32', shape: [4, 2], data: Int32Array.from(data) } as NamedArray,
  });
  await loaded({});
  for (const wrong of [
    [0, 2, 0, 2, 1, 0, 2, 1], // itself
    [4, 2, 0, 2, 1, 0, 2, 1],
    [-1, 2, 0, 2, 1, 0, 2, 1],
    [2, 1, 0, 2, 1, 0, 2, 1], // the far one first
    [1, 1, 0, 2, 1, 0, 2, 1], // twice
  ]) {
    await expect(loaded(nearest(...wrong)), wrong.join()).rejects.toThrow(/^loadGrowingDetector: tensors.neighbors/);
  }
  const settings = metadata.settings as object;
  for (const k of [1, 3, 101, 1e15]) await expect(loaded({}, { ...settings, k })).rejects.toThrow(FormatError);
  for (const kinds of [[5], [5, 5], [5, 6, 7], [5, 'a'], [5, -1], ['unknown', 'a']]) {
    const bytes = bytesOf({ tensors, metadata: { ...metadata, labels: kinds } });
    await expect(loadGrowingDetector(bytes), kinds.join()).rejects.toThrow(FormatError);
  }
  const others = (await fitOutputDetector(outputs, { ...fitted, scorer: energy() })).toBytes();
  await expect(loadGrowingDetector(others)).rejects.toThrow(/tfjs-ood\/growing-detector 1, got tfjs-ood\/detector 1/);
  expect(() => loadOutputDetector(detector.toBytes(), { scorer: energy() })).toThrow(FormatError);
});

test('a growing detector without a row, or with one', async () => {
  for (const count of [0, 1]) {
    const detector = growingDetector({ k: 3, votes: 2, normalize: 'none', alpha: 0.25 });
    if (count > 0) await detector.add({ data: Float32Array.of(1, 2), shape: [2] }, 'a');
    const again = await loadGrowingDetector(detector.toBytes());
    expect(again.toBytes()).toEqual(detector.toBytes());
    await again.add({ data: new Float32Array(10), shape: [5, 2] }, 'b');
    expect(again.calibration).toEqual({ count: count + 5, smallestAlpha: 1 / (count + 6), canAlarm: true });
  }
});

test('calibration scores out of order', async () => {
  const { tensors, metadata } = savedIn((await fitOutputDetector(outputs, { ...fitted, scorer: energy() })).toBytes());
  const turned = { ...tensors.calibration, data: tensors.calibration!.data.slice().reverse() } as NamedArray;
  const bytes = bytesOf({ tensors: { ...tensors, calibration: turned }, metadata });
  expect(() => loadOutputDetector(bytes, { scorer: energy() })).toThrow(FormatError);
});

test('what is no JSON, or of too many levels', async () => {
  const bytes = (await fitOutputDetector(outputs, { ...fitted, scorer: energy() })).toBytes();
  const { tensors, metadata } = decodeSafetensors(bytes);
  for (const name of Object.keys(metadata).filter((one) => !PLAIN.includes(one))) {
    for (const text of ['no json', '', `${'['.repeat(99)}${']'.repeat(99)}`]) {
      const damaged = encodeSafetensors(tensors, { ...metadata, [name]: text });
      expect(() => loadOutputDetector(damaged, { scorer: energy() }), `${name}: ${text}`).toThrow(FormatError);
    }
  }
});
