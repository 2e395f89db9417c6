import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { auroc, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import {
  decodeScorer,
  encodeScorer,
  type Batch,
  type FitBlock,
  type ModelParts,
  type Scorer,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import { onEachBackend } from '../on-each-backend';

const [CLASSES, SIZE, SIDE] = [3, 8, 4];

/** Weights, features and images that hang together, as of a small trained classifier. */
function model() {
  const random = seededRandom(7);
  const centers = Float32Array.from({ length: CLASSES * SIZE }, (_, i) =>
    i % CLASSES === Math.floor(i / SIZE) ? 4 : 1,
  );
  const weights = Float32Array.from({ length: SIZE * CLASSES }, (_, i) => {
    const [feature, label] = [Math.floor(i / CLASSES), i % CLASSES];
    return (centers[label * SIZE + feature]! - 2) / 2 + 0.01 * random.normal();
  });
  const bias = Float32Array.of(0.1, -0.1, 0);
  const parts: ModelParts = {
    head: { weights, bias, shape: [SIZE, CLASSES] },
    // Images are features in their first two rows of pixels.
    logitsOf: (images) => {
      const flat = tf.slice(tf.reshape(images, [images.shape[0], SIDE * SIDE]), [0, 0], [-1, SIZE]);
      return tf.add(tf.matMul(flat as tf.Tensor2D, tf.tensor2d(weights, [SIZE, CLASSES])), tf.tensor1d(bias));
    },
  };
  const outputs = (count: number, strange: boolean, seed: number) => {
    const draw = seededRandom(seed);
    const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
    const features = new Float32Array(count * SIZE);
    labels.forEach((label, row) => {
      for (let i = 0; i < SIZE; i++) {
        // Known rows scatter about their class; strange ones are weak and far from every class, as of an unknown image.
        const center = strange ? 0.5 + 6 * Number(i === SIZE - 1) : centers[label * SIZE + i]!;
        features[row * SIZE + i] = Math.max(0, center + (0.4 + 0.1 * (i % 3)) * draw.normal());
      }
    });
    const logits = Float32Array.from({ length: count * CLASSES }, (_, at) => {
      const [row, label] = [Math.floor(at / CLASSES), at % CLASSES];
      let sum = bias[label]!;
      for (let i = 0; i < SIZE; i++) sum += features[row * SIZE + i]! * weights[i * CLASSES + label]!;
      return sum;
    });
    return { labels, features, logits };
  };
  return { parts, outputs };
}

interface Numbers {
  labels: Int32Array;
  features: Float32Array;
  logits: Float32Array;
}

/** Rows `from` to `to`; the images are tensors of the caller. */
function batchOf(
  { labels, features, logits }: Numbers,
  from = 0,
  to = labels.length,
): FitBlock & { images: tf.Tensor4D } {
  const rows = to - from;
  const images = new Float32Array(rows * SIDE * SIDE);
  for (let row = 0; row < rows; row++) {
    images.set(features.subarray((from + row) * SIZE, (from + row + 1) * SIZE), row * SIDE * SIDE);
  }
  return {
    labels: labels.subarray(from, to),
    features: { data: features.subarray(from * SIZE, to * SIZE), shape: [rows, SIZE] },
    logits: { data: logits.subarray(from * CLASSES, to * CLASSES), shape: [rows, CLASSES] },
    images: tf.tensor4d(images, [rows, SIDE, SIDE, 1]),
  };
}

/**
 * What every scorer must do, on every backend: fit in one pass over blocks of any size, score blocks of any size alike,
 * put the unknown higher, give the same bytes and scores after save and load, refuse what is wrong, and leave no tensor
 * behind.
 */
export function testScorer(
  name: string,
  method: () => ScorerMethod,
  /** `leastAuroc`: what the known and the strange rows of the suite must be told apart with. */
  { leastAuroc = 0.9 }: { leastAuroc?: number } = {},
): void {
  onEachBackend(`${name}, a scorer`, () => {
    const { parts, outputs } = model();
    const [train, known, strange] = [outputs(240, false, 1), outputs(60, false, 2), outputs(60, true, 3)];

    async function* blocks(size: number) {
      for (let from = 0; from < train.labels.length; from += size) {
        const block = batchOf(train, from, Math.min(from + size, train.labels.length));
        try {
          yield await Promise.resolve(block);
        } finally {
          block.images.dispose();
        }
      }
    }
    const fitted = (size = 100) => method().fit(blocks(size), parts);
    const scoreOf = async (scorer: Scorer, numbers: Numbers, from?: number, to?: number): Promise<Float32Array> => {
      const batch = batchOf(numbers, from, to);
      try {
        return await scorer.score(batch);
      } finally {
        batch.images.dispose();
      }
    };

    test('puts the unknown higher', async () => {
      const scorer = await fitted();
      const [a, b] = [await scoreOf(scorer, known), await scoreOf(scorer, strange)];
      expect(a).toBeInstanceOf(Float32Array);
      expect(auroc(a, b)).toBeGreaterThanOrEqual(leastAuroc);
      scorer.dispose();
    });

    test('blocks of any size give the same', async () => {
      const [scorer, other] = [await fitted(240), await fitted(7)];
      const whole = await scoreOf(scorer, known);
      const again = await scoreOf(other, known);
      const scale = Math.max(...whole.map(Math.abs), 1e-3);
      whole.forEach((value, i) => expect(Math.abs(again[i]! - value)).toBeLessThanOrEqual(1e-4 * scale));
      const parted = [...(await scoreOf(scorer, known, 0, 1)), ...(await scoreOf(scorer, known, 1, 60))];
      whole.forEach((value, i) => expect(Math.abs(parted[i]! - value)).toBeLessThanOrEqual(1e-5 * scale));
      expect(await scoreOf(scorer, known, 5, 5)).toHaveLength(0);
      scorer.dispose();
      other.dispose();
    });

    test('tensors and arrays give the same', async () => {
      const scorer = await fitted();
      const batch = batchOf(known);
      const asTensors = {
        ...batch,
        features: tf.tensor2d(known.features, [60, SIZE]),
        logits: tf.tensor2d(known.logits, [60, CLASSES]),
      };
      expect(await scorer.score(asTensors)).toEqual(await scorer.score(batch));
      tf.dispose([batch.images, asTensors.features, asTensors.logits]);
      scorer.dispose();
    });

    test('save and load: the same bytes and scores', async () => {
      const scorer = await fitted();
      const bytes = encodeScorer(scorer.state());
      const again = method().restore(decodeScorer(bytes), parts);
      expect(encodeScorer(again.state())).toEqual(bytes);
      expect(again.kind).toBe(scorer.kind);
      expect(again.largestScore).toBe(scorer.largestScore);
      expect(await scoreOf(again, strange)).toEqual(await scoreOf(scorer, strange));
      expect(() => method().restore({ ...scorer.state(), kind: 'another' }, parts)).toThrow('another');
      for (const tensor of Object.keys(scorer.state().tensors)) {
        const tensors = Object.fromEntries(Object.entries(scorer.state().tensors).filter(([one]) => one !== tensor));
        expect(() => method().restore({ ...scorer.state(), tensors }, parts), tensor).toThrow(tensor);
      }
      scorer.dispose();
      again.dispose();
    });

    test('its largest score is said, and never exceeded', async () => {
      const scorer = await fitted();
      expect('largestScore' in scorer).toBe(true);
      const { largestScore } = scorer;
      if (largestScore !== undefined) {
        expect(Number.isFinite(largestScore)).toBe(true);
        expect(Math.fround(largestScore)).toBe(largestScore);
        const far = {
          ...strange,
          features: strange.features.map((x) => 90 * x),
          logits: strange.logits.map((x) => 90 * x),
        };
        const equal = { ...known, logits: new Float32Array(known.logits.length).fill(2) };
        for (const numbers of [known, strange, far, equal]) {
          for (const score of await scoreOf(scorer, numbers)) expect(score).toBeLessThanOrEqual(largestScore);
        }
      }
      scorer.dispose();
    });

    test('a scorer that takes rows in scores no row higher, is saved with them, and takes the place of the other', async () => {
      const before = await fitted();
      if (before.takeIn) {
        const scores = [await scoreOf(before, known), await scoreOf(before, strange)] as const;
        const labels = Int32Array.from(strange.labels, (label) => CLASSES + label);
        const features = { data: strange.features, shape: [60, SIZE] as const };
        const wrong = await fitted();
        await expect(wrong.takeIn!({ features, labels: labels.subarray(1) })).rejects.toThrow(ShapeError);
        wrong.dispose();
        const after = await before.takeIn({ features, labels });
        await expect(scoreOf(before, known)).rejects.toThrow('dispose');
        const now = [await scoreOf(after, known), await scoreOf(after, strange)] as const;
        now.forEach((own, i) =>
          own.forEach((score, row) => {
            const old = scores[i]![row]!;
            expect(score).toBeLessThanOrEqual(old + 1e-6 * Math.abs(old));
          }),
        );
        const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
        expect(sum(now[1])).toBeLessThan(sum(scores[1])); // they are no strangers any more
        const again = method().restore(decodeScorer(encodeScorer(after.state())), parts);
        expect(await scoreOf(again, strange)).toEqual(now[1]);
        after.dispose();
        again.dispose();
      } else before.dispose();
    });

    test('what it needs is said, and wrong input refused', async () => {
      const scorer = await fitted();
      const { kind, needs, fitNeeds } = method();
      expect(scorer.kind).toBe(kind);
      expect(scorer.needs).toEqual(needs);
      expect(fitNeeds).toEqual([...new Set(fitNeeds)]);
      for (const need of needs) {
        await expect(scorer.score({} as Batch), need).rejects.toThrow(/features|logits|images/);
        if (need === 'images') continue;
        const batch = batchOf(known);
        const width = need === 'features' ? SIZE : CLASSES;
        const broken = known[need].slice();
        broken[3 * width + 1] = NaN;
        const withNaN = { ...batch, [need]: { data: broken, shape: [60, width] } };
        await expect(scorer.score(withNaN)).rejects.toThrow(NotFiniteError);
        await expect(scorer.score(withNaN)).rejects.toThrow('NaN at row 3');
        const wrong = { ...batch, [need]: { data: new Float32Array(2 * (width + 1)), shape: [2, width + 1] } };
        if (Object.keys(scorer.state().tensors).length > 0)
          await expect(scorer.score(wrong)).rejects.toThrow(ShapeError);
        batch.images.dispose();
      }
      scorer.dispose();
      await expect(scoreOf(scorer, known)).rejects.toThrow('dispose');
    });

    test('fitting says what is missing and how far it is', async () => {
      if (method().fitNeeds.length === 0) return;
      if (method().fitNeeds.some((need) => need === 'features' || need === 'logits' || need === 'images')) {
        await expect(method().fit([], parts)).rejects.toThrow(/at least|samples|no /);
        const seen: number[] = [];
        (await method().fit(blocks(100), { ...parts, onProgress: (rows) => seen.push(rows) })).dispose();
        expect(seen).toEqual([100, 200, 240]);
      }
    });
  });
}
