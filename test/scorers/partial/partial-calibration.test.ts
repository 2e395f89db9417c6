import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { calibratedOutputDetector, loadOutputDetector } from 'tfjs-ood/detector';
import {
  calibrationRows,
  mahalanobis,
  nearestNeighbors,
  partialCalibration,
  type PartialCalibration,
  type Scorer,
} from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { blockOf, joinedOf, partOf, rowsOf, splitOf, SIZE } from './parts';

const COUNT = 300;
const all = rowsOf(COUNT);
const whole = Array.from({ length: COUNT }, (_, row) => row);
const HELD = { share: 0.3, seed: 5 };

async function calibrated(scorer: Scorer, parts: readonly number[][], size: number, atMost?: number) {
  const made: PartialCalibration[] = [];
  for (const [shard, rows] of parts.entries()) {
    const part = partialCalibration(scorer, { ...HELD, ...(atMost && { atMost }) });
    for (let from = 0; from < rows.length; from += size) {
      const { block, ids } = blockOf(all, rows.slice(from, from + size));
      await part.add(block, { ids, shard });
    }
    made.push(part);
  }
  const [first, ...others] = made;
  for (const [i, other] of others.entries()) await first!.merge(i % 2 ? other : other.toBytes());
  return first!;
}

onEachBackend('a calibration in parts', () => {
  test.each([1, 3, 16])('%d shards in any order give the scores of one pass, bit for bit', async (parts) => {
    const how = { calibrationShare: HELD.share, seed: HELD.seed };
    const made = [];
    for (const [i, rows] of splitOf(COUNT, parts, 3).entries())
      made.push(await partOf(mahalanobis(), all, rows, { ...how, shard: i }));
    const joined = await joinedOf(mahalanobis(), made, 1);
    const held = calibrationRows(all.ids, HELD);
    expect([joined.count, joined.heldOut]).toEqual([COUNT - held.length, held.length]);
    const scorer = await mahalanobis().fromPartial(joined);

    // The single fit is one of the rows that do not calibrate.
    const others = whole.filter((row) => !held.includes(row));
    const single = await mahalanobis().fromPartial(await partOf(mahalanobis(), all, others));
    const { block } = blockOf(all, [...held]);
    const direct = await single.score(block);
    const one = await calibrated(scorer, [whole], COUNT);
    const merged = await calibrated(scorer, splitOf(COUNT, parts, 4), 7);
    expect(merged.count).toBe(held.length);
    expect(merged.scores()).toEqual(one.scores());
    const ascending = (scores: Float32Array) => scores.slice().sort();
    ascending(one.scores()).forEach((score, i) => expect(score / ascending(direct)[i]!).toBeCloseTo(1, 6));

    const block7 = partialCalibration(scorer, { ...HELD, blockSize: 7 });
    const given = blockOf(all, whole);
    await block7.add(given.block, { ids: given.ids });
    block7.scores().forEach((score, i) => expect(score / one.scores()[i]!).toBeCloseTo(1, 6));

    const few = await calibrated(scorer, splitOf(COUNT, parts, 5), 20, 25);
    expect(few.scores()).toEqual(one.scores().slice(0, 25));
    scorer.dispose();
    single.dispose();
  });
});

test('a detector comes of scorer and scores', async () => {
  await tf.setBackend('cpu');
  const partial = await partOf(nearestNeighbors({ k: 3 }), all, whole, { calibrationShare: 0.3, seed: 5 });
  const scorer = await nearestNeighbors({ k: 3 }).fromPartial(partial);
  const scores = (await calibrated(scorer, [whole], 50)).scores();
  const detector = calibratedOutputDetector(scorer, scores, { alpha: 0.1, classNames: ['a', 'b', 'c'] });
  const far = { features: { data: new Float32Array(SIZE).fill(-9), shape: [1, SIZE] as const } };
  const { block } = blockOf(rowsOf(300, { seed: 9 }), whole);
  const verdicts = await detector.predict(block as never);
  const share = verdicts.filter(({ isOod }) => isOod).length / 300;
  expect(share).toBeGreaterThan(0.02);
  expect(share).toBeLessThan(0.2);
  expect((await detector.predictOne(far)).isOod).toBe(true);
  const again = loadOutputDetector(detector.toBytes(), { scorer: nearestNeighbors({ k: 3 }) });
  expect(await again.predict(block as never)).toEqual(verdicts);
  expect(detector.calibration).toMatchObject({ count: scores.length, method: 'held-out', canAlarm: true });
  again.dispose();
  detector.dispose();
});
