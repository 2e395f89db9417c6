import type { ClassMoments } from './class-moments';
import { checkFinite } from '../tensors/embeddings';
import { float64Kernel, type Float64Kernel } from '../linalg/kernels/float64-kernel';
import { classSumsBy } from '../linalg/kernels/kernel-scatter';
import { addOuterProducts, addScatter } from '../linalg/scatter-products';
import type { Scratch } from '../linalg/scratch';
import { rowsAtOnce, worthBackend } from '../linalg/backend-choice';

/** Moments of one block by class; the scatter of all classes together, or one for each. */
export interface BlockMoments {
  classes: Map<number, ClassMoments>;
  within: Float64Array | undefined;
}

/** Moments of rows [N, D] about the means of the classes in this block. @throws NotFiniteError for a NaN or infinity */
export async function blockMoments(
  data: Float32Array,
  size: number,
  labels: Int32Array,
  perClass: boolean,
  blockSize: number,
  scratch: Scratch,
): Promise<BlockMoments> {
  const kernel = perClass || worthBackend(size) ? undefined : float64Kernel();
  if (kernel) return momentsBy(kernel, data, size, labels);
  const groups = rowsByClass(labels);
  const classes = new Map<number, ClassMoments>();
  for (const [label, rows] of groups) {
    const mean = meanOf(data, size, rows);
    if (!mean.every(Number.isFinite)) checkFinite('ClassScatter.add', data, size); // cheaper than a look at all numbers
    classes.set(label, { count: rows.length, mean });
  }
  const most = rowsAtOnce(size, blockSize);
  if (!perClass) {
    const within = new Float64Array(size * size);
    const meanOfRow = Array.from(labels, (label) => classes.get(label)!.mean);
    for (let from = 0; from < labels.length; from += most) {
      const count = Math.min(most, labels.length - from);
      const centered = scratch.float64(count * size);
      for (let row = 0; row < count; row++) center(centered, row, data, from + row, meanOfRow[from + row]!);
      await addScatter(within, centered, size, scratch);
    }
    return { classes, within };
  }
  for (const [label, rows] of groups) {
    const own = { scatter: new Float64Array(size * size), third: new Float64Array(size), fourth: 0 };
    const moments = classes.get(label)!;
    for (let from = 0; from < rows.length; from += most) {
      const part = rows.slice(from, from + most);
      const centered = scratch.float64(part.length * size);
      part.forEach((row, at) => {
        center(centered, at, data, row, moments.mean);
        const z = centered.subarray(at * size, (at + 1) * size);
        let square = 0;
        for (let i = 0; i < size; i++) square += z[i]! * z[i]!;
        own.fourth += square * square;
        for (let i = 0; i < size; i++) own.third[i]! += square * z[i]!;
      });
      await addScatter(own.scatter, centered, size, scratch);
    }
    moments.own = own;
  }
  return { classes, within: undefined };
}

/**
 * The same for all classes together, in one pass about the first row of each class. That is near enough to its mean for
 * float64: the squared distance is at most the scatter of the class, so that moving the scatter to the mean loses at
 * most N 2^-53 of it.
 */
function momentsBy(kernel: Float64Kernel, data: Float32Array, size: number, labels: Int32Array): BlockMoments {
  const places = new Map<number, number>();
  const [firsts, counts]: [number[], number[]] = [[], []];
  const owners = new Int32Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    let place = places.get(labels[row]!);
    if (place === undefined) {
      places.set(labels[row]!, (place = firsts.length));
      firsts.push(row);
      counts.push(0);
    }
    counts[place]!++;
    owners[row] = place;
  }
  const references = new Float64Array(firsts.length * size);
  firsts.forEach((row, place) => references.set(data.subarray(row * size, (row + 1) * size), place * size));
  const { sums, scatter } = classSumsBy(kernel, data, size, owners, references);
  // A sum of float32 in float64 cannot overflow: it is finite if all of them are.
  if (!sums.every(Number.isFinite)) checkFinite('ClassScatter.add', data, size);
  const classes = new Map<number, ClassMoments>();
  for (const [label, place] of places) {
    const [count, at] = [counts[place]!, place * size];
    const own = sums.subarray(at, at + size);
    classes.set(label, { count, mean: own.map((sum, i) => references[at + i]! + sum / count) });
    const root = Math.sqrt(count);
    for (let i = 0; i < size; i++) own[i]! /= root; // its outer product is what the scatter has too much
  }
  const excess = new Float64Array(size * size);
  addOuterProducts(excess, sums, size);
  for (let at = 0; at < excess.length; at++) scatter[at]! -= excess[at]!;
  return { classes, within: scatter };
}

function rowsByClass(labels: Int32Array): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const own = groups.get(label);
    if (own) own.push(row);
    else groups.set(label, [row]);
  });
  return groups;
}

/** About the first row: the sum keeps its digits far from the origin. */
function meanOf(data: Float32Array, size: number, rows: readonly number[]): Float64Array {
  const first = data.subarray(rows[0]! * size, (rows[0]! + 1) * size);
  const sum = new Float64Array(size);
  for (const row of rows) {
    const from = row * size;
    for (let i = 0; i < size; i++) sum[i]! += data[from + i]! - first[i]!;
  }
  return sum.map((value, i) => first[i]! + value / rows.length);
}

function center(into: Float64Array, at: number, data: Float32Array, row: number, mean: Float64Array): void {
  const size = mean.length;
  const [to, from] = [at * size, row * size];
  for (let i = 0; i < size; i++) into[to + i] = data[from + i]! - mean[i]!;
}
