import type { ClassMoments } from './class-moments';
import { addHigherMoments, centered, ClassSamples, meanOfRows } from './class-samples';
import type { Pause } from '../core/pauses';
import { checkFinite } from '../tensors/embeddings';
import { float64Kernel, withOwnKernel } from '../linalg/kernels/float64-kernel';
import { classSumsBy } from '../linalg/kernels/kernel-scatter';
import { addingNumbers } from '../linalg/add-numbers';
import { addOuterProducts, addScatter } from '../linalg/scatter-products';
import type { Scratch } from '../linalg/scratch';
import { rowsAtOnce, worthBackend } from '../linalg/backend-choice';

const WHERE = 'ClassScatter.add';
/** Means whose outer products are added between two pauses. */
const AT_ONCE = 16;

/** Moments of one block by class, and the scatter within all of them. */
export interface BlockMoments {
  classes: Map<number, ClassMoments>;
  within: Float64Array;
}

/** Moments of rows [N, D] about the means of the classes in this block. @throws NotFiniteError for a NaN or infinity */
export async function blockMoments(
  data: Float32Array,
  size: number,
  labels: Int32Array,
  blockSize: number,
  scratch: Scratch,
  pause: Pause,
): Promise<BlockMoments> {
  const kernel = worthBackend(size) ? undefined : float64Kernel();
  if (kernel) return momentsInKernel(data, size, labels, pause);
  checkFinite(WHERE, data, size);
  const classes = new Map<number, ClassMoments>();
  for (const [label, rows] of rowsByClass(labels)) {
    classes.set(label, { count: rows.length, mean: meanOfRows(rowsAt(data, size, rows), size) });
  }
  const most = rowsAtOnce(size, blockSize);
  const within = new Float64Array(size * size);
  const meanOfRow = Array.from(labels, (label) => classes.get(label)!.mean);
  for (let from = 0; from < labels.length; from += most) {
    const count = Math.min(most, labels.length - from);
    const z = scratch.float64(count * size);
    for (let row = 0; row < count; row++) {
      const own = (from + row) * size;
      centered(data.subarray(own, own + size), meanOfRow[from + row]!, z.subarray(row * size, (row + 1) * size));
    }
    await pause();
    await addScatter(within, z, size, scratch);
  }
  return { classes, within };
}

/** The rows [N, D] of each class in this block. @throws NotFiniteError for a NaN or infinity */
export async function blockSamples(
  data: Float32Array,
  size: number,
  labels: Int32Array,
  blockSize: number,
  scratch: Scratch,
  pause: Pause,
): Promise<Map<number, ClassSamples>> {
  checkFinite(WHERE, data, size);
  const classes = new Map<number, ClassSamples>();
  const most = rowsAtOnce(size, blockSize);
  for (const [label, rows] of rowsByClass(labels)) {
    await pause();
    const mine = rowsAt(data, size, rows);
    if (rows.length < size || !worthBackend(size)) {
      const samples = new ClassSamples(size);
      samples.addRows(mine);
      classes.set(label, samples);
      continue;
    }
    const mean = meanOfRows(mine, size);
    const own = { scatter: new Float64Array(size * size), third: new Float64Array(size), fourth: 0 };
    for (let from = 0; from < mine.length; from += most * size) {
      const part = mine.subarray(from, from + most * size);
      const z = centered(part, mean, scratch.float64(part.length));
      addHigherMoments(own, z, size);
      await addScatter(own.scatter, z, size, scratch);
    }
    classes.set(label, new ClassSamples(size, { count: rows.length, mean, own }));
  }
  return classes;
}

/**
 * The same for all classes together, in one pass about the first row of each class. That is near enough to its mean for
 * float64: the squared distance is at most the scatter of the class, so that moving the scatter to the mean loses at
 * most N 2^-53 of it.
 */
async function momentsInKernel(
  data: Float32Array,
  size: number,
  labels: Int32Array,
  pause: Pause,
): Promise<BlockMoments> {
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
  const { sums, scatter } = await withOwnKernel((kernel) => classSumsBy(kernel, data, size, owners, references, pause));
  // A sum of float32 in float64 cannot overflow: it is finite if all of them are.
  if (!sums.every(Number.isFinite)) checkFinite(WHERE, data, size);
  const classes = new Map<number, ClassMoments>();
  for (const [label, place] of places) {
    const [count, at] = [counts[place]!, place * size];
    const own = sums.subarray(at, at + size);
    classes.set(label, { count, mean: own.map((sum, i) => references[at + i]! + sum / count) });
    const root = Math.sqrt(count);
    for (let i = 0; i < size; i++) own[i]! /= root; // its outer product is what the scatter has too much
  }
  await pause();
  const excess = new Float64Array(size * size);
  for (let from = 0; from < sums.length; from += AT_ONCE * size) {
    await pause();
    addOuterProducts(excess, sums.subarray(from, from + AT_ONCE * size), size);
  }
  await pause();
  for (const rest = addingNumbers(scatter, excess, -1); !rest.next().done;) await pause();
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

function rowsAt(data: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const all = new Float32Array(rows.length * size);
  rows.forEach((row, at) => all.set(data.subarray(row * size, (row + 1) * size), at * size));
  return all;
}
