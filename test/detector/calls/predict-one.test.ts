import * as tf from '@tensorflow/tfjs-core';
import { expect, expectTypeOf, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import {
  fitDetector,
  fitOutputDetector,
  growingDetector,
  loadDetector,
  loadOutputDetector,
  type Detector,
  type OutputDetector,
  type TagLabels,
  type Verdict,
} from 'tfjs-ood/detector';
import { energy, mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { smallModel } from '../../training/small-model';

const COUNT = 60;
const pixels = Uint8Array.from({ length: 4 * COUNT }, (_, i) => (i * 53) % 256);
const known = { images: pixels, shape: [COUNT, 2, 2, 1] as const };
const ofRow = (row: number, rank = 4) => ({
  images: pixels.slice(4 * row, 4 * row + 4),
  shape: [1, 2, 2, 1].slice(4 - rank),
});
const labels = Array.from({ length: COUNT }, (_, i) => i % 2);
const logits = Array.from({ length: COUNT }, (_, i) => [Math.sin(i) * 3, labels[i]! + Math.cos(3 * i)]);

onEachBackend('one image', () => {
  test('has the verdict that it has among many, with a leading 1 or without', async () => {
    const model = smallModel();
    const detector = await fitDetector(model, { images: known, labels }, { scorer: mahalanobis(), alpha: 0.2 });
    const all = await detector.predict(known);
    const before = tf.memory().numTensors;
    for (const row of [0, 7, 59]) {
      for (const rank of [3, 4]) {
        const { score, ...verdict } = await detector.predictOne(ofRow(row, rank), { cutPoint: 0.4 });
        const among = (await detector.predict(known, { cutPoint: 0.4 }))[row]!;
        expect(score).toBeCloseTo(among.score, 4);
        expect({ ...verdict, score }).toEqual({ ...among, score });
        expect(among.threshold).not.toBe(all[row]!.threshold);
      }
    }
    expect(tf.memory().numTensors).toBe(before);
    detector.dispose();
    model.dispose();
  });

  test('more than one, none, or a stream are refused before a model runs', async () => {
    let runs = 0;
    const run = (x: tf.Tensor) => {
      runs++;
      return { logits: tf.tidy(() => tf.slice(tf.reshape(x, [x.shape[0], -1]), [0, 0], [-1, 2])) };
    };
    const detector = await fitDetector({ run }, { images: known }, { scorer: energy(), alpha: 0.2 });
    async function* stream() {
      yield await Promise.resolve(ofRow(0));
    }
    runs = 0;
    const expected = 'one alone (predict takes many)';
    const where = 'Detector.predictOne';
    for (const [given, received] of [
      [known, '60'],
      [[ofRow(0, 3), ofRow(1, 3)], '2'],
      [{ images: new Uint8Array(0), shape: [0, 2, 2, 1] }, 'none'],
      [stream(), 'a stream'],
    ] as const) {
      const error: unknown = await detector.predictOne(given as never).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(ArgumentError);
      expect((error as ArgumentError).details).toMatchObject({ where, what: 'images', expected, received });
    }
    expect(runs).toBe(0);
    detector.dispose();
  });
});

test('of outputs: one row, by the same rule', async () => {
  const detector = await fitOutputDetector({ logits }, { scorer: energy(), alpha: 0.2 });
  const all = await detector.predict({ logits });
  expect(await detector.predictOne({ logits: [logits[3]!] })).toEqual(all[3]);
  const where = 'fitOutputDetector.predictOne';
  await expect(detector.predictOne({ logits })).rejects.toMatchObject({ details: { where, received: '60' } });
  const none = { data: new Float32Array(0), shape: [0, 2] as const };
  await expect(detector.predictOne({ logits: none })).rejects.toMatchObject({ details: { where, received: 'none' } });
  detector.dispose();
});

test('of a growing detector: one row, by the same rule', async () => {
  const rows = { data: Float32Array.from(logits.flat()), shape: [COUNT, 2] as const };
  const detector = growingDetector();
  await detector.add(rows, labels);
  const one = { data: Float32Array.of(0.3, 0.4), shape: [2] as const };
  expect([await detector.predictOne(one, { alpha: 0.1 })]).toEqual(await detector.predict(one, { alpha: 0.1 }));
  await expect(detector.predictOne(rows)).rejects.toThrow('one alone');
});

test('names that are written out are the type of a label', async () => {
  const options = { scorer: energy(), alpha: 0.2 };
  const model = smallModel();
  const named = await fitDetector(model, { images: known }, { ...options, classNames: ['cat', 'dog'] as const });
  expectTypeOf(named).toEqualTypeOf<Detector<'cat' | 'dog' | undefined>>();
  const verdict = await named.predictOne(ofRow(0));
  expectTypeOf(verdict.label).toEqualTypeOf<'cat' | 'dog' | undefined>();
  expect(['cat', 'dog']).toContain(verdict.label);
  expectTypeOf(await named.predict(known)).toEqualTypeOf<Verdict<'cat' | 'dog' | undefined>[]>();
  const calibrated = await named.recalibrate(known);
  expectTypeOf(calibrated).toEqualTypeOf<Detector<'cat' | 'dog' | undefined>>();

  // Without `as const` too; names of no fixed list are strings
  const written = await fitOutputDetector({ logits }, { ...options, classNames: ['cat', 'dog'] });
  expectTypeOf((await written.predictOne({ logits: [[1, 2]] })).label).toEqualTypeOf<'cat' | 'dog' | undefined>();
  const listed: string[] = ['cat', 'dog'];
  const some = await fitOutputDetector({ logits }, { ...options, classNames: listed });
  expectTypeOf((await some.predictOne({ logits: [[1, 2]] })).label).toEqualTypeOf<string | undefined>();

  // Without names as before, and with a type of one's own
  const plain = await fitOutputDetector({ logits }, options);
  expectTypeOf((await plain.predictOne({ logits: [[1, 2]] })).label).toEqualTypeOf<string | number | undefined>();
  const ofTags = () => fitOutputDetector<TagLabels>({ logits }, { ...options, scorer: nearestNeighbors() });
  expectTypeOf(ofTags).returns.resolves.toEqualTypeOf<OutputDetector<TagLabels>>();
  const again = await loadDetector<'cat' | 'dog' | undefined>(model, named.toBytes(), { scorer: energy() });
  expectTypeOf((await again.predictOne(ofRow(0))).label).toEqualTypeOf<'cat' | 'dog' | undefined>();
  const outputsAgain = loadOutputDetector<'cat' | 'dog' | undefined>(written.toBytes(), { scorer: energy() });
  expectTypeOf((await outputsAgain.predictOne({ logits: [[1, 2]] })).label).toEqualTypeOf<'cat' | 'dog' | undefined>();
  for (const one of [named, calibrated, written, some, plain, again, outputsAgain]) one.dispose();
  model.dispose();
});
