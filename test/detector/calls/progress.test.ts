import { expect, test } from 'vitest';
import { embed, fitDetector, fitOutputDetector } from 'tfjs-ood/detector';
import { energy, mahalanobis } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { smallModel } from '../../training/small-model';

const imagesOf = (count: number) => ({
  images: Uint8Array.from({ length: 4 * count }, (_, i) => (i * 37) % 256),
  shape: [count, 2, 2, 1] as const,
});

/** What a call reports, as `done/total`. */
async function progressOf(call: (onProgress: (done: number, total?: number) => void) => Promise<unknown>) {
  const seen: string[] = [];
  await call((done, total) => seen.push(`${done}/${total}`));
  return seen;
}

async function* streamOf(...counts: number[]) {
  for (const count of counts) yield await Promise.resolve(imagesOf(count));
}

onEachBackend('progress by rows', () => {
  test('of images: after each block, of all; of a stream nobody knows how many', async () => {
    const model = smallModel();
    const options = { scorer: energy(), alpha: 0.2, blockSize: 8 };
    let detector = await fitDetector(model, { images: imagesOf(20) }, options);
    const twenty = ['8/20', '16/20', '20/20'];
    const streamed = ['8/undefined', '10/undefined', '13/undefined'];
    expect(await progressOf((onProgress) => detector.predict(imagesOf(20), { onProgress }))).toEqual(twenty);
    expect(await progressOf((onProgress) => detector.predict(streamOf(10, 3), { onProgress }))).toEqual(streamed);
    const calibrated = async (images: Parameters<typeof detector.recalibrate>[0]) =>
      progressOf(async (onProgress) => {
        const next = await detector.recalibrate(images, { onProgress });
        detector.dispose();
        detector = next;
      });
    expect(await calibrated(imagesOf(20))).toEqual(twenty);
    expect(await calibrated(streamOf(10, 3))).toEqual(streamed);
    expect(await progressOf((onProgress) => embed(model, imagesOf(20), { onProgress, blockSize: 8 }))).toEqual(twenty);
    const labels = Array.from({ length: 20 }, (_, i) => i % 2);
    const own = { scorer: mahalanobis(), calibration: 'held-out' } as const;
    // Those that fit, and then those that calibrate: 16 and 4
    const fit = async (onProgress: (done: number, total?: number) => void) =>
      (await fitDetector(model, { images: imagesOf(20), labels }, { ...options, ...own, onProgress })).dispose();
    expect(await progressOf(fit)).toEqual(['8/20', '16/20', '20/20']);
    detector.dispose();
    model.dispose();
  });
});

test('of outputs: many are scored part by part, as they are at once', async () => {
  const count = 10_000;
  const logits = { data: Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * i) * 4), shape: [count, 2] };
  const given = { logits: logits as { data: Float32Array; shape: [number, number] } };
  const detector = await fitOutputDetector(given, { scorer: energy() });
  const steps = ['4096/10000', '8192/10000', '10000/10000'];
  expect(await progressOf((onProgress) => detector.predict(given, { onProgress }))).toEqual(steps);
  const verdicts = await detector.predict(given);
  expect(verdicts).toHaveLength(count);
  for (const row of [0, 4095, 4096, 9999]) {
    const own = logits.data.subarray(2 * row, 2 * row + 2);
    expect(verdicts[row]!.score).toBe(Math.fround(-Math.log(Math.exp(own[0]!) + Math.exp(own[1]!))));
  }
  expect(await progressOf(async (onProgress) => (await detector.recalibrate(given, { onProgress })).dispose())).toEqual(
    steps,
  );
  // A row that is wrong has its own number, not that in its part
  const wrong = { logits: { ...given.logits, data: logits.data.slice() } };
  wrong.logits.data[2 * 5000] = NaN;
  await expect(detector.predict(wrong)).rejects.toThrow('row 5000');
  await expect(detector.recalibrate(wrong)).rejects.toThrow('row 5000');
  detector.dispose();
});
