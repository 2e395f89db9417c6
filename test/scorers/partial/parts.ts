import { seededRandom } from 'tfjs-ood';
import type { AddOptions, FitBlock, PartialFit, RowId, ScorerMethod } from 'tfjs-ood/scorers';

/** Rows with all that any scorer asks for. */
export interface LabeledRows {
  features: Float32Array;
  logits: Float32Array;
  labels: Int32Array;
  ids: RowId[];
}

export const [SIZE, CLASSES] = [6, 3];
const random = seededRandom(11);
export const head = {
  weights: Float32Array.from({ length: SIZE * CLASSES }, (_, i) =>
    Math.fround((Math.floor(i / CLASSES) % CLASSES === i % CLASSES ? 3 : 0) + 0.2 * random.normal()),
  ),
  bias: Float32Array.of(0.1, -0.2, 0.3),
  shape: [SIZE, CLASSES] as const,
};

/** Rows about the means of classes, `offset` away from the origin; logits by the head of them without it. */
export function rowsOf(count: number, { seed = 1, offset = 0 } = {}): LabeledRows {
  const draw = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, () => draw.integer(CLASSES));
  const features = new Float32Array(count * SIZE);
  const logits = new Float32Array(count * CLASSES);
  labels.forEach((label, row) => {
    const own = Float32Array.from({ length: SIZE }, (_, i) =>
      Math.max(0.01, 2 + (i % CLASSES === label ? 3 : 0) + (0.5 + i / SIZE) * draw.normal()),
    );
    for (let c = 0; c < CLASSES; c++) {
      logits[row * CLASSES + c] = own.reduce(
        (sum, value, i) => sum + value * head.weights[i * CLASSES + c]!,
        head.bias[c]!,
      );
    }
    features.set(
      own.map((value) => value + offset),
      row * SIZE,
    );
  });
  return { features, logits, labels, ids: Array.from(labels, (_, row) => 7 * row + 3) };
}

/** These rows as a block. */
export function blockOf({ features, logits, labels, ids }: LabeledRows, rows: readonly number[]) {
  const take = (data: Float32Array, width: number) => ({
    data: Float32Array.from(rows.flatMap((row) => [...data.subarray(row * width, (row + 1) * width)])),
    shape: [rows.length, width] as const,
  });
  return {
    block: {
      features: take(features, SIZE),
      logits: take(logits, CLASSES),
      labels: rows.map((row) => labels[row]!),
    } as unknown as FitBlock,
    ids: rows.map((row) => ids[row]!),
  };
}

/** Rows in a random order, cut into so many parts of unequal sizes (none empty). */
export function splitOf(count: number, parts: number, seed: number): number[][] {
  const draw = seededRandom(seed);
  const order = [...draw.permutation(count)];
  const cuts = [...draw.permutation(count - 1)].slice(0, parts - 1).map((cut) => cut + 1);
  const ends = [...cuts.sort((a, b) => a - b), count];
  return ends.map((end, i) => order.slice(i === 0 ? 0 : ends[i - 1], end));
}

/** A part of these rows, in blocks of some rows. */
export async function partOf(
  method: ScorerMethod,
  all: LabeledRows,
  rows: readonly number[],
  {
    size = 50,
    shard,
    ...how
  }: { size?: number; shard?: AddOptions['shard'] } & Parameters<ScorerMethod['partial']>[0] = {},
): Promise<PartialFit> {
  const partial = await method.partial({ head, ...how });
  for (let from = 0; from < rows.length; from += size) {
    const { block, ids } = blockOf(all, rows.slice(from, from + size));
    await partial.add(block, { ids, ...(shard !== undefined && { shard }) });
  }
  return partial;
}

/** Joins parts in a random tree; each step by the part itself or, at random, by its bytes, read again first or not. */
export async function joinedOf(method: ScorerMethod, parts: PartialFit[], seed: number): Promise<PartialFit> {
  const draw = seededRandom(seed);
  const left = [...parts];
  while (left.length > 1) {
    const [one] = left.splice(draw.integer(left.length), 1);
    const [other] = left.splice(draw.integer(left.length), 1);
    const into = draw.uniform() < 0.5 ? one! : await method.partialFrom(one!.toBytes(), { head });
    await into.merge(draw.uniform() < 0.5 ? other! : other!.toBytes());
    left.push(into);
  }
  return left[0]!;
}
