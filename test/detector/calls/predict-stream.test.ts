import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { fitOutputDetector, type GivenOutputs } from 'tfjs-ood/detector';
import { energy, nearestNeighbors } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';

const [WIDTH, CLASSES] = [3, 2];

function outputs(count: number, seed: number) {
  const random = seededRandom(seed);
  const rows = (size: number) => ({
    data: Float32Array.from({ length: count * size }, () => random.normal() + 2),
    shape: [count, size] as [number, number],
  });
  return { features: rows(WIDTH), logits: rows(CLASSES) };
}

/** Some rows of them. */
function part({ features, logits }: ReturnType<typeof outputs>, from: number, to: number): GivenOutputs {
  const own = ({ data, shape: [, size] }: typeof features) => ({
    data: data.subarray(from * size, to * size),
    shape: [to - from, size] as [number, number],
  });
  return { features: own(features), logits: own(logits) };
}

async function* stream<T>(...blocks: T[]) {
  for (const block of blocks) {
    await Promise.resolve();
    yield block;
  }
}

onEachBackend('predict of a stream of outputs', () => {
  test('any blocks give the verdicts of all rows at once', async () => {
    const detector = await fitOutputDetector(outputs(120, 1), { scorer: nearestNeighbors({ k: 3 }), alpha: 0.1 });
    const asked = outputs(40, 2);
    const whole = await detector.predict(asked);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 39 }), { maxLength: 6 }), async (cuts) => {
        const ends = [...new Set(cuts)].sort((a, b) => a - b).concat(40);
        const blocks = ends.map((end, at) => part(asked, ends[at - 1] ?? 0, end));
        const done: [number, number | undefined][] = [];
        const verdicts = await detector.predict(stream(...blocks), { onProgress: (...now) => done.push(now) });
        expect(verdicts).toEqual(whole);
        expect(done).toEqual(ends.map((end) => [end, undefined]));
      }),
      { numRuns: 20 },
    );
    expect(await detector.predict(stream())).toEqual([]);
    detector.dispose();
  });
});

test('errors name the block, or the row of all', async () => {
  const detector = await fitOutputDetector(outputs(120, 1), { scorer: energy(), alpha: 0.1 });
  const good = { logits: outputs(5, 3).logits };
  const broken = { logits: { data: Float32Array.of(0, 1, 2, NaN), shape: [2, 2] as [number, number] } };
  const wide = { logits: { data: new Float32Array(6), shape: [2, 3] as [number, number] } };
  const said = async (...blocks: unknown[]) =>
    (await detector.predict(stream(...blocks) as never).catch((error: unknown) => error)) as Error;
  expect(await said(good, broken)).toBeInstanceOf(NotFiniteError);
  expect((await said(good, broken)).message).toContain('at row 6');
  expect(await said(good, good, wide)).toBeInstanceOf(ShapeError);
  expect((await said(good, good, wide)).message).toContain('outputs[2]');
  for (const wrong of [null, 3, 'rows', undefined]) {
    const error = await said(good, wrong);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain('outputs[1]');
  }
  await expect(detector.predictOne(stream(good) as never)).rejects.toThrow('one alone (predict takes many)');
});

test('given up between two blocks: no further block is asked for or looked at, and the stream is ended', async () => {
  const detector = await fitOutputDetector(outputs(120, 1), { scorer: energy(), alpha: 0.1 });
  const stop = new AbortController();
  let [given, looked, ended] = [0, 0, false];
  async function* blocks() {
    try {
      for (;;) {
        await Promise.resolve();
        if (++given === 3) stop.abort(new Error('enough'));
        const { logits } = outputs(4, given);
        yield {
          get logits() {
            looked = given;
            return logits;
          },
        };
      }
    } finally {
      ended = true;
    }
  }
  await expect(detector.predict(blocks(), { signal: stop.signal })).rejects.toThrow('enough');
  expect([given, looked, ended]).toEqual([3, 2, true]); // the block that came with it is not even looked at
});
