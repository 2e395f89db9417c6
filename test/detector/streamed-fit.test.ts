import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { ArgumentError, seededRandom, ShapeError } from 'tfjs-ood';
import { energy, mahalanobis, nearestClassMean, nearestNeighbors, odin } from 'tfjs-ood/scorers';
import { fitDetector, fitOutputDetector, type Detector, type LabeledOutputs } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';

const [N, D, C] = [200, 3, 3];
const random = seededRandom(11);
const labels = Int32Array.from({ length: N }, () => random.integer(C));
const features = Float32Array.from({ length: N * D }, (_, at) =>
  Math.fround(4 * Number(at % D === labels[Math.floor(at / D)]) + random.normal()),
);
const rowsOf = (from: number, to: number) => ({
  data: features.slice(from * D, to * D),
  shape: [to - from, D] as const,
});

/** Blocks of these sizes, and what became of who gave them. */
function streamOf(sizes: readonly number[], fails = Infinity) {
  const log = { asked: 0, closed: false };
  async function* blocks(): AsyncGenerator<LabeledOutputs> {
    try {
      let from = 0;
      for (const size of sizes) {
        if (log.asked++ === fails) throw new Error('the disk is gone');
        await Promise.resolve();
        yield {
          features: rowsOf(from, from + size),
          logits: rowsOf(from, from + size),
          labels: labels.slice(from, from + size),
        };
        from += size;
      }
    } finally {
      log.closed = true;
    }
  }
  return { blocks: blocks(), log };
}

/** The draw, written out: 32 bits of the seeded stream for each row, in the order in which they come. */
function naiveDraw(share: number, seed: number): { fit: number[]; calibration: number[] } {
  const drawn = seededRandom(seed);
  const [fit, calibration]: [number[], number[]] = [[], []];
  for (let row = 0; row < N; row++) {
    if (drawn.uniform() < share) calibration.push(row);
    else fit.push(row);
  }
  return { fit, calibration };
}

const picked = (rows: readonly number[]) => ({
  data: Float32Array.from(rows.flatMap((row) => [...features.subarray(row * D, (row + 1) * D)])),
  shape: [rows.length, D] as const,
});

beforeAll(() => tf.setBackend('cpu'));

describe('a stream of outputs', () => {
  test.each([
    ['one block', [200]],
    ['blocks of any size', [1, 99, 0, 100]],
    ['blocks of one size', [64, 64, 64, 8]],
    ['single rows', new Array<number>(200).fill(1)],
  ])('%s: the scorer of the rows that were drawn, and their scores', async (_, sizes) => {
    for (const method of [nearestClassMean(), nearestNeighbors({ k: 5 }), mahalanobis(), energy()]) {
      const { blocks, log } = streamOf(sizes);
      const done: [number, number | undefined][] = [];
      const detector = await fitOutputDetector(blocks, {
        scorer: method,
        seed: 7,
        calibrationShare: 0.3,
        blockSize: 17,
        onProgress: (...now) => done.push(now),
      });
      const { fit, calibration } = naiveDraw(0.3, 7);
      const own = picked(fit);
      const block = { features: own, logits: own, labels: fit.map((row) => labels[row]!) };
      const byHand = await method.fit([block] as never, {});
      const held = picked(calibration);
      const scores = await byHand.score({ features: held, logits: held });
      const sorted = Float64Array.from(scores).sort();
      expect(detector.state.calibrations[0]!).toHaveLength(calibration.length);
      detector.state.calibrations[0]!.forEach((score, i) => expect(score).toBeCloseTo(sorted[i]!, 4));
      expect(detector.calibration).toMatchObject({ count: calibration.length, classesWithoutRow: [], missingMass: 0 });
      expect(done.at(-1)).toEqual([N, undefined]);
      expect(done.map(([rows]) => rows)).toEqual([...done.map(([rows]) => rows)].sort((a, b) => a - b));
      expect(log.closed).toBe(true);
      detector.dispose();
      byHand.dispose();
    }
  });

  test('classes without a row, and the missing mass, of rows as they were drawn', async () => {
    const alone = Int32Array.from(labels, (label, row) => (row % 40 === 3 ? 10 + row : label));
    const { fit } = naiveDraw(0.2, 1);
    const lost = [...alone].filter((label, row) => label >= 10 && !fit.includes(row));
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    async function* blocks() {
      await Promise.resolve();
      for (let from = 0; from < N; from += 50)
        yield { features: rowsOf(from, from + 50), labels: alone.slice(from, from + 50) };
    }
    const detector = await fitOutputDetector(blocks(), {
      scorer: nearestClassMean(),
      alpha: 0.02,
      acceptNoAlarm: true,
    });
    expect(lost.length).toBeGreaterThan(0);
    expect(detector.calibration).toMatchObject({ classesWithoutRow: lost, missingMass: 5 / N });
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('alone in their class'));
    warned.mockRestore();
    detector.dispose();
  });

  test('keeps the false-alarm rate, on average over streams', async () => {
    const drawn = seededRandom(3);
    const normals = (count: number) => ({
      data: Float32Array.from({ length: count * 2 }, () => drawn.normal()),
      shape: [count, 2] as const,
    });
    async function* blocks() {
      await Promise.resolve();
      for (let i = 0; i < 4; i++) yield { logits: normals(25) };
    }
    let alarms = 0;
    const [runs, asked] = [300, 100];
    for (let seed = 1; seed <= runs; seed++) {
      const detector = await fitOutputDetector(blocks(), { scorer: energy(), alpha: 0.1, calibrationShare: 0.5, seed });
      const verdicts = await detector.predict({ logits: normals(asked) });
      alarms += verdicts.filter(({ isOod }) => isOod).length;
    }
    // floor(0.1 (n + 1)) / (n + 1) over n ~ B(100, 0.5) is 0.0905 on average; 300 runs leave an error of 0.0026.
    expect(alarms / (runs * asked)).toBeGreaterThan(0.08);
    expect(alarms / (runs * asked)).toBeLessThan(0.1);
  });

  test('an error comes through, and whoever gave the blocks is told', async () => {
    const { blocks, log } = streamOf([50, 50, 50, 50], 2);
    await expect(fitOutputDetector(blocks, { scorer: mahalanobis() })).rejects.toThrow('the disk is gone');
    expect(log.closed).toBe(true);
    const failing = streamOf([50, 50, 50, 50]);
    const method = nearestClassMean();
    const scorer = {
      ...method,
      async fit(given: AsyncIterable<object>) {
        for await (const block of given) throw new Error(`no such fit, ${typeof block}`);
        return method.fit([], {});
      },
    };
    await expect(fitOutputDetector(failing.blocks, { scorer: scorer as never })).rejects.toThrow('no such fit');
    expect(failing.log).toEqual({ asked: 1, closed: true });
  });

  test('a fit that stops early leaves the rest to the calibration', async () => {
    const method = nearestClassMean();
    const scorer: typeof method = {
      ...method,
      async fit(given, parts) {
        for await (const block of given) return method.fit([block], parts);
        return method.fit([], parts);
      },
    };
    const { blocks } = streamOf([50, 50, 50, 50]);
    const detector = await fitOutputDetector(blocks, { scorer, seed: 7 });
    expect(detector.calibration.count).toBe(naiveDraw(0.2, 7).calibration.length);
    detector.dispose();
  });
});

describe('what is no stream of blocks is refused by name', () => {
  const refuses = async (asked: Promise<unknown>, message: string, kind: typeof ArgumentError = ArgumentError) => {
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toThrow(kind);
  };
  async function* of(...blocks: unknown[]): AsyncGenerator<never> {
    await Promise.resolve();
    for (const block of blocks) yield block as never;
  }
  const one = { features: rowsOf(0, 30), labels: labels.slice(0, 30) };
  const fit = (blocks: unknown, scorer = mahalanobis()) => fitOutputDetector(blocks as LabeledOutputs, { scorer });

  test('empty, at once, promised, of two kinds', async () => {
    await refuses(fit(of()), 'data must be a stream with at least one row, got an empty one');
    await refuses(fit([one]), '(of a list of blocks make one: async function* () { yield* list; }), got a list');
    await refuses(fit(Promise.resolve(one)), '(await it), got a promise');
    await refuses(
      fit(() => of(one)),
      '(call it), got a function',
    );
    const promised = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value: Promise.resolve(one) }) }),
    };
    await refuses(fit(promised), 'data[0] must be an object { features, logits, labels } (await it), got a promise');
    await refuses(fit(of(one, null)), 'data[1] must be an object { features, logits, labels }, got null');
  });

  test('blocks that differ from the first', async () => {
    const wide = { data: new Float32Array(8), shape: [2, 4] };
    await refuses(
      fit(of(one, { features: wide, labels: [0, 1] })),
      'features of data[1] must be [N, 3], as in the first block, got [2, 4]',
      ShapeError,
    );
    await refuses(
      fit(of(one, { features: rowsOf(0, 2) })),
      'labels of data[1] must be there, as in the first block',
      ShapeError,
    );
    const unlabeled = { features: rowsOf(0, 30) };
    await refuses(fit(of(unlabeled, one), nearestNeighbors()), 'labels of data[1] must be left out', ShapeError);
    await refuses(fit(of(one, { ...one, logits: rowsOf(0, 30) })), 'logits of data[1] must be left out', ShapeError);
    await refuses(fit(of(unlabeled)), "labels must be class indices of the images, which 'mahalanobis' needs");
    await refuses(
      fit(of(one, { ...one, labels: [0] })),
      'features of data[1] must be 1 rows, as the labels',
      ShapeError,
    );
  });

  test('rows are counted over the whole stream', async () => {
    const bad = rowsOf(0, 30);
    bad.data[4 * D + 1] = NaN;
    await expect(fit(of(one, one, { ...one, features: bad }))).rejects.toThrow('NaN at row 64, column 1');
    await refuses(fit(of(one, { ...one, labels: [...one.labels.slice(0, 29), -1] })), 'got -1 at index 59');
  });

  test('too few rows for the draw, and a scorer of images', async () => {
    const alone = { features: rowsOf(0, 1), labels: [0] };
    const expected = 'rows must be enough that a share of them can be held out for calibration, got 1 rows';
    const few = { scorer: mahalanobis(), acceptNoAlarm: true };
    await refuses(fitOutputDetector(of(alone), few), expected);
    await refuses(fitOutputDetector(alone, few), expected);
    const none = { ...few, calibrationShare: 0.999999 };
    await refuses(fitOutputDetector(of(one), none), 'held out for calibration, got 30 rows');
    await refuses(
      fit(of(one), odin() as never),
      "the outputs of calibration rows are kept, not the images ('odin' needs them",
    );
  });
});

onEachBackend('a stream of images', () => {
  const network = () =>
    tfl.sequential({
      layers: [
        tfl.layers.conv2d({
          inputShape: [6, 6, 1],
          filters: 3,
          kernelSize: 3,
          kernelInitializer: tfl.initializers.glorotUniform({ seed: 4 }),
        }),
        tfl.layers.globalAveragePooling2d({}),
        tfl.layers.dense({
          units: 4,
          activation: 'relu',
          kernelInitializer: tfl.initializers.glorotUniform({ seed: 5 }),
        }),
        tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.glorotUniform({ seed: 6 }) }),
      ],
    });
  const bytes = (row: number) => Uint8Array.from({ length: 36 }, (_, i) => (row * 53 + i * i * 7) % 256);
  const blockOf = (from: number, to: number) => {
    const images = new Uint8Array((to - from) * 36);
    for (let row = from; row < to; row++) images.set(bytes(row), (row - from) * 36);
    return { images, shape: [to - from, 6, 6, 1] as const };
  };

  test('of bytes and of tensors: the verdicts of a fit on outputs of the same draw', async () => {
    const model = network();
    async function* blocks() {
      await Promise.resolve();
      for (const [from, to] of [
        [0, 70],
        [70, 90],
        [90, 200],
      ] as const)
        yield { images: blockOf(from, to) };
    }
    async function* tensors() {
      for await (const { images } of blocks()) {
        const block = tf.tidy(() => tf.div(tf.tensor4d(images.images, [...images.shape], 'int32'), 255));
        yield { images: block };
        block.dispose();
      }
    }
    const scorer = () => nearestNeighbors({ k: 3 });
    const options = { alpha: 0.1, seed: 5, blockSize: 32 };
    const asked = blockOf(300, 340);
    const { fit, calibration } = naiveDraw(0.2, 5);
    const byHand = await fitDetector(model, { images: blockOf(0, 200) }, { ...options, scorer: scorer() });
    const passed: number[] = [];
    const streamed: Detector[] = [];
    for (const stream of [blocks(), tensors()]) {
      streamed.push(
        await fitDetector(model, stream, {
          ...options,
          scorer: scorer(),
          onProgress: (done, total) => {
            expect(total).toBeUndefined();
            passed.push(done);
          },
        }),
      );
    }
    expect(passed).toEqual([32, 64, 70, 90, 122, 154, 186, 200, 32, 64, 70, 90, 122, 154, 186, 200]);
    const features = await (async () => {
      const reader = {
        run: (x: tf.Tensor) => ({
          features: tf.tidy(
            () => tfl.model({ inputs: model.inputs, outputs: model.layers[2]!.output }).predict(x) as tf.Tensor2D,
          ),
        }),
      };
      const all = tf.tidy(() => tf.div(tf.tensor4d(blockOf(0, 200).images, [200, 6, 6, 1], 'int32'), 255));
      const { features: made } = reader.run(all);
      const data = await made.data();
      tf.dispose([all, made]);
      return data;
    })();
    const pick = (rows: number[]) => ({
      data: Float32Array.from(rows.flatMap((row) => [...features.subarray(row * 4, row * 4 + 4)])),
      shape: [rows.length, 4] as const,
    });
    const own = await scorer().fit([{ features: pick(fit) }], {});
    const scores = Float64Array.from(await own.score({ features: pick(calibration) })).sort();
    const [first, second] = streamed as [Detector, Detector];
    const verdicts = await first.predict(asked);
    for (const detector of [first, second]) {
      expect(detector.calibration.count).toBe(calibration.length);
      const now = await detector.predict(asked);
      now.forEach(({ score, threshold, pValue }, i) => {
        expect(score).toBeCloseTo(verdicts[i]!.score, 4);
        const strange = [...scores].filter((known) => known >= score - 1e-6).length;
        expect(Math.abs(pValue - (1 + strange) / (scores.length + 1))).toBeLessThan(2 / scores.length);
        expect(threshold).toBeCloseTo(scores[scores.length - Math.floor(0.1 * (scores.length + 1))]!, 4);
      });
    }
    async function* questions() {
      await Promise.resolve();
      for (const [from, to] of [
        [300, 301],
        [301, 301],
        [301, 340],
      ] as const)
        yield blockOf(from, to);
    }
    expect(await first.predict(questions())).toEqual(await first.predict(asked));
    for (const one of [byHand, first, second, own]) one.dispose();
    model.dispose();
  });

  test('2,000 images are never there at once', async () => {
    const model = network();
    let [alive, most] = [0, 0];
    async function* blocks() {
      await Promise.resolve();
      for (let from = 0; from < 2000; from += 50) {
        const block = tf.randomUniform([50, 6, 6, 1], 0, 1, 'float32', from + 1);
        most = Math.max(most, ++alive);
        yield { images: block };
        block.dispose();
        alive--;
      }
    }
    let [numbers, tensors] = [0, 0];
    const before = tf.memory();
    const look = () => {
      numbers = Math.max(numbers, tf.memory().numBytes - before.numBytes);
      tensors = Math.max(tensors, tf.memory().numTensors - before.numTensors);
    };
    const detector = await fitDetector(model, blocks(), { scorer: energy(), blockSize: 25, onProgress: look });
    await detector.predict(
      (async function* () {
        for await (const { images } of blocks()) {
          look();
          yield images;
        }
      })(),
    );
    expect(most).toBe(1);
    expect(alive).toBe(0);
    expect(numbers).toBeLessThan(3 * 50 * 36 * 4); // of 288,000 bytes in all
    expect(tensors).toBeLessThan(4);
    detector.dispose();
    model.dispose();
  });

  test('errors free what is lent, and tell who gives it', async () => {
    const model = network();
    let closed = 0;
    async function* blocks(bad: (block: number) => unknown) {
      let block: tf.Tensor | undefined;
      try {
        for (let i = 0; i < 4; i++) {
          block = tf.ones([20, 6, 6, 1]);
          yield (bad(i) ?? { images: block }) as { images: tf.Tensor };
          block.dispose();
        }
      } finally {
        block?.dispose();
        closed++;
      }
      await Promise.resolve();
    }
    const nan = tf.tensor4d(
      Float32Array.from({ length: 720 }, (_, i) => (i === 100 ? NaN : 1)),
      [20, 6, 6, 1],
    );
    const other = tf.ones([20, 5, 6, 1]);
    const fit = (bad: (block: number) => unknown) =>
      fitDetector(model, blocks(bad), { scorer: nearestNeighbors(), alpha: 0.2 });
    await expect(fit((i) => (i === 2 ? { images: nan } : undefined))).rejects.toThrow('got NaN at row 42');
    await expect(fit((i) => (i === 2 ? { images: other } : undefined))).rejects.toThrow(
      'shape of the images of data[2] must be [N, 6, 6, 1]',
    );
    await expect(fit((i) => (i === 1 ? Promise.resolve : undefined))).rejects.toThrow(
      'data[1] must be { images, labels }',
    );
    await expect(fit((i) => (i === 3 ? { images: 5 } : undefined))).rejects.toThrow('images of data[3] must be');
    await expect(
      fitDetector(
        model,
        blocks(() => undefined),
        {
          scorer: energy(),
          onProgress: () => {
            throw new Error('enough');
          },
        },
      ),
    ).rejects.toThrow('enough');
    expect(closed).toBe(5);
    const detector = await fit(() => undefined);
    const asked = async function* () {
      await Promise.resolve();
      yield other;
    };
    await expect(detector.predict(asked())).rejects.toThrow('shape of the images of images[0]');
    detector.dispose();
    tf.dispose([nan, other]);
    model.dispose();
  });
});

test('types', () => {
  expectTypeOf<Parameters<Detector['predict']>[0]>().extract<AsyncIterable<unknown>>().not.toBeNever();
  expectTypeOf<AsyncGenerator<LabeledOutputs>>().toExtend<Parameters<typeof fitOutputDetector>[0]>();
});
