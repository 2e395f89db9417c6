import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import {
  ciderLoss,
  embeddingMemory,
  hardestPairs,
  hardestTriplets,
  logitNormLoss,
  odmLoss,
  proxyAnchorLoss,
  seededRandom,
  semiHardPairs,
  semiHardTriplets,
  supervisedContrastiveLoss,
  tripletLoss,
  unitRows,
  type BatchLabels,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

type Loss = (labels: BatchLabels, x: tf.Tensor2D, scale?: number) => tf.Scalar;

async function read(make: () => tf.Tensor): Promise<number[]> {
  const result = tf.tidy(make);
  const numbers = [...(await result.data())];
  result.dispose();
  return numbers;
}
const gradientOf = (loss: (x: tf.Tensor2D) => tf.Tensor, rows: number[][]) =>
  read(() => tf.grad((x: tf.Tensor) => loss(x as tf.Tensor2D))(tf.tensor2d(rows)));

onEachBackend('rows of no length', () => {
  test('unitRows: below 1e-3 the gradient shrinks with the length to 0, without a jump', async () => {
    const direction = [2 / 3, -1 / 3, 2 / 3];
    const weights = [1, 2, 3];
    const along = weights.reduce((sum, w, k) => sum + w * direction[k]!, 0);
    const sideways = weights.map((w, k) => w - along * direction[k]!);
    const lengths = [10, 1, 2e-3, 1.001e-3, 0.999e-3, 5e-4, 1e-5, 0];
    const rows = lengths.map((length) => direction.map((v) => length * v));
    const found = await gradientOf((x) => tf.sum(tf.mul(unitRows(x), tf.tensor2d([weights]))), rows);
    lengths.forEach((length, i) => {
      const factor = length >= 1e-3 ? 1 / length : length / 1e-6;
      const expected = sideways.map((v) => v * factor);
      expectClose(found.slice(3 * i, 3 * i + 3), expected, { relative: 1e-3, absolute: 1e-5 });
    });
    expect(found.slice(-3).map(Math.abs)).toEqual([0, 0, 0]);
  });

  const centers = () => tf.tensor2d([[1, 0, 0], [0, 1, 0], [0.6, 0, 0.8]]); // prettier-ignore
  const losses: Record<string, Loss> = {
    supervisedContrastiveLoss: (y, x) => supervisedContrastiveLoss(y, x),
    proxyAnchorLoss: (y, x) => proxyAnchorLoss(y, x, centers(), { scale: 4 }),
    ciderLoss: (y, x) => ciderLoss(y, x, centers()),
    logitNormLoss: (y, x) => logitNormLoss(y, x, { temperature: 1 }),
  };
  test.each(Object.entries(losses))('%s: a zero row gets no gradient, a tiny one next to none', async (_, loss) => {
    const others = [[1, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1]]; // prettier-ignore
    const size = (row: number[]) => Math.hypot(...row);
    const one = await gradientOf((x) => loss([0, 0, 1, 1, -1], x), [[1, 0.5, 0], ...others]);
    expect(size(one.slice(0, 3))).toBeGreaterThan(0.01);
    const none = await gradientOf((x) => loss([0, 0, 1, 1, -1], x), [[0, 0, 0], ...others]);
    expect(none.slice(0, 3).map(Math.abs)).toEqual([0, 0, 0]);
    // At 1e-6 it is a thousandth of what it is at the floor of 1e-3.
    const tiny = await gradientOf((x) => loss([0, 0, 1, 1, -1], x), [[1e-6, 0.5e-6, 0], ...others]);
    expectClose(tiny.slice(0, 3), one.slice(0, 3).map((v) => v * size([1, 0.5]) ** 2), { relative: 1e-2, absolute: 1e-3 }); // prettier-ignore
  });

  test('unitRows: rows whose squares are beyond floats, or nothing', async () => {
    const rows = [[3e25, -4e25], [3e-25, 4e-25], [0, 0]]; // prettier-ignore
    expectClose(await read(() => unitRows(tf.tensor2d(rows))), [0.6, -0.8, 0.6, 0.8, 0, 0], { relative: 1e-6 });
  });

  test('supervisedContrastiveLoss and ciderLoss: a row is not in its own sum at any temperature', async () => {
    const rows = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; // prettier-ignore
    // All cosines are 0: two others as likely as each other. With the row itself the share would be next to nothing.
    for (const temperature of [1, 1e-2, 1e-5]) {
      const value = await read(() => supervisedContrastiveLoss([0, 0, 1], tf.tensor2d(rows), { temperature }));
      expectClose(value[0]!, Math.log(2));
      const options = { temperature, compactness: 0, momentum: 0.5 };
      const dispersion = await read(() => ciderLoss([-1], tf.tensor2d([[0, 0, 1]]), tf.eye(3), { ...options, oodWeight: 0 })); // prettier-ignore
      expectClose(dispersion[0]!, 0, { absolute: 1e-5 });
    }
  });
});

onEachBackend('rows that are equal, or near', () => {
  const [rowCount, size] = [32, 8];
  const labels = Array.from({ length: rowCount }, (_, i) => i % 4);
  const rowsOf = (spread: number) => {
    const random = seededRandom(3);
    const rows = Array.from({ length: rowCount }, () =>
      Array.from({ length: size }, () => Math.fround(spread * random.normal())),
    );
    rows[4] = [...rows[0]!]; // of one class
    rows[8] = rows[1]!.map((v, k) => Math.fround(v + (k === 0 ? spread * 2 ** -20 : 0))); // of two
    return rows;
  };
  /**
   * Of half the mean distance of the positive pairs, in float64; the gradient of a distance below 1e-3 shrinks with it.
   */
  const exactPull = (rows: number[][], columns: number[][], isPair: (i: number, j: number) => boolean) => {
    let pairs = 0;
    const sums = rows.map((row, i) => {
      const sum = new Array<number>(size).fill(0);
      columns.forEach((column, j) => {
        if (!isPair(i, j)) return;
        pairs++;
        const distance = Math.max(1e-3, Math.hypot(...row.map((v, k) => v - column[k]!)));
        row.forEach((v, k) => (sum[k]! += (v - column[k]!) / distance));
      });
      return sum;
    });
    return sums.map((sum) => sum.map((v) => (0.5 * v) / pairs));
  };

  test.each([1, 100, 1e4])('spread %f: the gradient has no rounding of the whole batch in it', async (spread) => {
    const rows = rowsOf(spread);
    // A pair counts for both its rows.
    const both = exactPull(rows, rows, (i, j) => i !== j && labels[i] === labels[j]).map((row) =>
      row.map((v) => 2 * v),
    );
    const found = await gradientOf((x) => odmLoss(labels, x, { pairs: 'all', positiveShare: 1 }), rows);
    const largest = Math.max(...both.flat().map(Math.abs));
    expectClose(found, both.flat(), { relative: 0, absolute: 1e-5 * largest });
  });

  test.each([1, 1e4])('spread %f: nor to the rows of a memory', async (spread) => {
    const rows = rowsOf(spread);
    const memory = embeddingMemory({ capacity: rowCount });
    tf.tidy(() => memory.add(labels, tf.tensor2d(rows)));
    const all = [...rows, ...rows];
    const own = exactPull(rows, all, (i, j) => i !== j && labels[i] === labels[j % rowCount]);
    const within = exactPull(rows, rows, (i, j) => i !== j && labels[i] === labels[j]);
    const pairs = { own: rowCount * 7 + rowCount * 8, within: rowCount * 7 };
    // Rows of the batch are moved as columns too, those of the memory not.
    const expected = own.map((row, i) => row.map((v, k) => v + (within[i]![k]! * pairs.within) / pairs.own));
    const found = await gradientOf((x) => odmLoss(labels, x, { pairs: 'all', positiveShare: 1, memory }), rows);
    memory.dispose();
    const largest = Math.max(...expected.flat().map(Math.abs));
    expectClose(found, expected.flat(), { relative: 0, absolute: 1e-5 * largest });
  });
});

onEachBackend('miners at any distance', () => {
  const labels = [0, 0, 0, 1, 1, -1];
  const rows = [[0], [1], [3], [4.5], [9], [2.2]];
  const losses: Record<string, Loss> = {
    hardestTriplets: (y, x, margin = 1) => tripletLoss(y, x, { margin, miner: hardestTriplets() }),
    semiHardTriplets: (y, x, margin = 1) => tripletLoss(y, x, { margin, miner: semiHardTriplets() }),
    allTriplets: (y, x, margin = 1) => tripletLoss(y, x, { margin }),
    hardestPairs: (y, x) => odmLoss(y, x, { pairs: 'all', positiveShare: 1, miner: hardestPairs() }),
    semiHardPairs: (y, x) => odmLoss(y, x, { pairs: 'all', positiveShare: 1, miner: semiHardPairs() }),
  };
  test.each(Object.entries(losses))('%s: the loss grows as the rows do', async (_, loss) => {
    const [one] = await read(() => loss(labels, tf.tensor2d(rows)));
    expect(one).toBeGreaterThan(0.1);
    for (const scale of [2 ** -10, 2 ** 14, 2 ** 20, 2 ** 40]) {
      const [value] = await read(() => loss(labels, tf.tensor2d(rows.map(([v]) => [v! * scale])), scale));
      expectClose(value! / scale, one!, { relative: 1e-5 });
    }
  });

  test('hardestPairs: negatives too', async () => {
    const loss = (scale: number) =>
      read(
        () =>
        odmLoss(labels, tf.tensor2d(rows.map(([v]) => [v! * scale])), { pairs: 'all', positiveShare: 0, margin: 10 * scale, miner: hardestPairs() }), // prettier-ignore
      );
    const [one] = await loss(1);
    for (const scale of [2 ** 14, 2 ** 20]) expectClose((await loss(scale))[0]! / scale, one!, { relative: 1e-5 });
  });
});
