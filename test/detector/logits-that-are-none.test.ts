import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { ArgumentError, seededRandom } from 'tfjs-ood';
import { ensemble, energy, msp, nearestNeighbors, react, scale, vim, type ScorerMethod } from 'tfjs-ood/scorers';
import { fitDetector, fitOutputDetector } from 'tfjs-ood/detector';
import { holdOut } from '../../src/detector/calibration/hold-out';

const [N, D, C] = [80, 4, 3];
const random = seededRandom(8);
const normals = (rows: number, columns: number) => ({
  data: Float32Array.from({ length: rows * columns }, () => 3 * random.normal()),
  shape: [rows, columns] as const,
});
const features = normals(N, D);
const logits = normals(N, C);
const labels = Int32Array.from({ length: N }, (_, i) => i % C);
const neighbors = () => nearestNeighbors({ k: 3 }) as ScorerMethod;

/** The softmax, worked out here. */
function sharesOf({ data, shape }: ReturnType<typeof normals>) {
  const shares = new Float32Array(data.length);
  for (let row = 0; row < shape[0]; row++) {
    const powers = Array.from(data.subarray(row * shape[1], (row + 1) * shape[1]), Math.exp);
    const sum = powers.reduce((a, b) => a + b, 0);
    shares.set(
      powers.map((power) => power / sum),
      row * shape[1],
    );
  }
  return { data: shares, shape };
}

describe('one column', () => {
  const column = normals(N, 1);
  const head = { weights: new Float32Array(D).fill(1), bias: new Float32Array(1), shape: [D, 1] as const };

  test('is refused by every scorer of a softmax, with the way out', async () => {
    for (const scorer of [msp(), energy(), ensemble([neighbors(), msp() as ScorerMethod])]) {
      const fitted = fitOutputDetector({ features, logits: column }, { scorer });
      await expect(fitted).rejects.toThrow(ArgumentError);
      await expect(fitted).rejects.toThrow('fitOutputDetector: logits must be at least two columns');
      await expect(fitted).rejects.toThrow("of a single sigmoid's z take the two logits [-z/2, z/2]), got [N, 1]");
    }
    for (const scorer of [react(), scale(), vim({ dimension: 2 })]) {
      const fitted = fitOutputDetector({ features }, { scorer, head });
      await expect(fitted).rejects.toThrow(`'${scorer.kind}' compares classes, and there is one`);
    }
    const model = { run: (images: tf.Tensor) => ({ logits: tf.mean(images, [1, 2]) }) };
    const images = { images: Uint8Array.from({ length: N * 4 }, (_, i) => i % 256), shape: [N, 2, 2, 1] as const };
    await expect(fitDetector(model, { images }, { scorer: energy() })).rejects.toThrow('at least two columns');
  });

  test('is nothing to a scorer of features, and chooses no label', async () => {
    const detector = await fitOutputDetector({ features, logits: column }, { scorer: neighbors(), alpha: 0.2 });
    const verdicts = await detector.predict({ features, logits: column });
    expect(new Set(verdicts.map(({ label }) => label))).toEqual(new Set([undefined]));
  });

  test('as two logits -z/2 and z/2 it says what the sigmoid says', async () => {
    const two = { data: Float32Array.from(column.data).slice(), shape: [N, 2] as const };
    two.data = Float32Array.from({ length: 2 * N }, (_, i) => ((i % 2) - 0.5) * column.data[i >> 1]!);
    const detector = await fitOutputDetector({ logits: two }, { scorer: msp(), alpha: 0.2 });
    const verdicts = await detector.predict({ logits: two });
    expect(verdicts.map(({ label }) => label)).toEqual(
      Array.from(column.data, (z) => (1 / (1 + Math.exp(-z)) > 0.5 ? 1 : 0)),
    );
    // -log of the larger of sigmoid(z) and 1 - sigmoid(z)
    verdicts.forEach(({ score }, i) =>
      expect(score).toBeCloseTo(Math.log(1 + Math.exp(-Math.abs(column.data[i]!))), 5),
    );
  });
});

describe('probabilities', () => {
  const shares = sharesOf(logits);

  test('are not taken for logits, in any block size, rounded too', async () => {
    const rounded = { ...shares, data: shares.data.map((p) => Math.round(p * 2000) / 2000) };
    for (const given of [shares, rounded]) {
      for (const blockSize of [1, 7, 256]) {
        const fitted = fitOutputDetector({ logits: given }, { scorer: msp(), blockSize });
        await expect(fitted).rejects.toThrow(ArgumentError);
        await expect(fitted).rejects.toThrow(
          'fitOutputDetector: logits must be what goes into the softmax (or Math.log of each probability, ' +
            'which has the same softmax), got probabilities',
        );
      }
    }
    const model = {
      run: (images: tf.Tensor) => tf.tidy(() => ({ logits: tf.softmax(tf.mean(images, [1, 2])) })),
    };
    const images = tf.tensor4d(features.data, [N, 1, 1, D]);
    await expect(fitDetector(model, { images }, { scorer: energy() })).rejects.toThrow(
      'fitDetector: logits must be what goes into the softmax',
    );
    images.dispose();
  });

  test('as their logarithms they give the scores of the logits', async () => {
    const logs = { ...shares, data: shares.data.map(Math.log) };
    const fit = (given: typeof logits) => fitOutputDetector({ logits: given }, { scorer: msp(), alpha: 0.2 });
    const [fromLogs, fromLogits] = [await fit(logs), await fit(logits)];
    fromLogs.state.calibrations[0]!.forEach((score, i) =>
      expect(score).toBeCloseTo(fromLogits.state.calibrations[0]![i]!, 4),
    );
  });

  test('to a scorer of features they say the same class', async () => {
    const labelsOf = async (given: typeof logits) => {
      const detector = await fitOutputDetector({ features, logits: given }, { scorer: neighbors(), alpha: 0.2 });
      return (await detector.predict({ features, logits: given })).map(({ label }) => label);
    };
    expect(await labelsOf(shares)).toEqual(await labelsOf(logits));
  });

  test('logits of which some rows, but not all, look like some are logits', async () => {
    const { fit: order } = holdOut('test', N, 0.2, 1);
    const every4th = order.filter((_, i) => i % 4 === 0);
    for (const rows of [every4th, order.slice(0, 1), order.slice(1)]) {
      const mixed = { ...logits, data: logits.data.slice() };
      for (const row of rows) mixed.data.set([0.2, 0.3, 0.5], row * C);
      for (const blockSize of [1, 2, 256]) {
        const detector = await fitOutputDetector({ logits: mixed }, { scorer: energy(), alpha: 0.2, blockSize });
        expect(detector.state.widths).toEqual({ logits: C });
      }
    }
    const sums = { ...logits, data: logits.data.map((_, i) => [0.2, 0.3, 0.502][i % C]!) };
    expect(await fitOutputDetector({ logits: sums }, { scorer: energy(), alpha: 0.2 }).catch(String)).not.toContain(
      'softmax',
    );
  });
});

describe('classNames', () => {
  test('are as many as the columns of the logits, and enough for the labels', async () => {
    const refuses = (given: object, scorer: ScorerMethod, message: string) =>
      expect(fitOutputDetector(given, { scorer, classNames: ['cat', 'dog'] })).rejects.toThrow(message);
    await refuses({ logits, labels }, msp(), 'classNames must be');
    await refuses({ logits }, msp(), 'classNames must be 3 names, one for each column of the logits');
    await refuses({ features, labels }, neighbors(), 'a name for every class, of which there is one with index 2');
    await refuses({ features, labels }, neighbors(), 'got 2 names');
    const more = { scorer: msp(), classNames: ['cat', 'dog', 'cow', 'hen'] };
    await expect(fitOutputDetector({ logits, labels }, more)).rejects.toThrow('3 names, one for each column');
    const right = await fitOutputDetector({ logits, labels }, { ...more, classNames: ['cat', 'dog', 'cow'] });
    expect(right.state.classNames).toEqual(['cat', 'dog', 'cow']);
  });
  test('are as many as the columns of logits that come only later', async () => {
    const options = { scorer: neighbors(), classNames: ['cat', 'dog', 'cow', 'hen'], alpha: 0.2 };
    const detector = await fitOutputDetector({ features, labels }, options);
    await expect(detector.predict({ features, logits })).rejects.toThrow('logits must be [N, 4]');
    expect(await detector.predict({ features })).toHaveLength(labels.length);
    detector.dispose();
  });
});
