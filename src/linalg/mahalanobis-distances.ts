import * as tf from '@tensorflow/tfjs-core';
import { failedKernel } from './checked-product';
import { pauses, type Pause } from '../core/pauses';
import { float64Kernel, withOwnKernel } from './kernels/float64-kernel';
import { keptTensors } from '../tensors/kept-tensors';
import { kernelDistances } from './kernels/kernel-distances';
import { whitenedRows, type Whitened } from './whitened-rows';
import { deviationsOf, whiten, type Whitening } from './whitening';
import { rowsAtOnce, worthBackend } from './backend-choice';

/** Squared Mahalanobis distances of rows [N, D] to the nearest of some means [C, D]; float64. */
export interface MahalanobisDistances {
  of(rows: Float32Array, pause?: Pause): Promise<Float64Array>;
  dispose(): void;
}

/**
 * min over c of ||L^-1 (x - m_c)||^2: by `kernelDistances` where that runs and the backend is no GPU. Else as follows.
 *
 * Rows and means are whitened about the middle of the means. Which mean is nearest the backend says by one more
 * product, to its rounding error; the distance to it, and to all that are as near within that error, is then summed in
 * float64.
 */
export function mahalanobisDistances(
  where: string,
  whitening: Whitening,
  means: Float64Array,
  { blockSize, tolerance }: { blockSize?: number | undefined; tolerance?: number } = {},
): MahalanobisDistances {
  const { size } = whitening;
  const classes = means.length / size;
  const center = new Float64Array(size);
  for (let at = 0; at < means.length; at++) center[at % size]! += (means[at]! - means[at % size]!) / classes;
  for (let i = 0; i < size; i++) center[i]! += means[i]!;
  const ways = means.map((value, at) => value - center[at % size]!);
  // One class is its own center.
  const whitened = classes === 1 ? ways : whiten(whitening, ways.slice());
  const inKernel = kernelDistances(whitening, center, whitened);
  let made: BackendRows | undefined; // when first needed: it is larger than all else
  const byBackend = () => (made ??= backendRows(where, whitening, { center, ways, whitened }, tolerance));

  return {
    async of(data, pause = pauses()) {
      const kernel = worthBackend(size) ? undefined : float64Kernel();
      if (kernel) return withOwnKernel((lent) => inKernel(lent, data, pause));
      const { rows, turned, nearest } = byBackend();
      const most = rowsAtOnce(size, blockSize) * size;
      const distances = new Float64Array(data.length / size);
      const columns = classes > 2 && worthBackend(size) ? turned.get().columns : undefined;
      for (let from = 0; from < data.length; from += most) {
        await pause();
        const block = data.subarray(from, from + most);
        nearest(await rows.of(block, columns), distances.subarray(from / size, (from + block.length) / size));
      }
      return distances;
    },
    dispose() {
      made?.rows.dispose();
      made?.turned.dispose();
    },
  };
}

type BackendRows = ReturnType<typeof backendRows>;

/** What whitening by products needs: the middle of the means, the ways from it to them, and these whitened. */
function backendRows(
  where: string,
  whitening: Whitening,
  { center, ways, whitened }: Record<'center' | 'ways' | 'whitened', Float64Array>,
  tolerance: number | undefined,
) {
  const { size } = whitening;
  const classes = whitened.length / size;
  const spread = deviationsOf(whitening).map((value) => value * value);
  ways.forEach((value, at) => (spread[at % size]! += value ** 2 / classes));
  const turned = keptTensors(where, () => {
    const values = Float32Array.from(whitened, (_, at) => whitened[(at % classes) * size + Math.floor(at / classes)]!);
    return { columns: tf.tensor2d(values, [size, classes]) };
  });
  const rows = whitenedRows(where, whitening, center, spread.map(Math.sqrt), tolerance);
  return { rows, turned, nearest: nearestOf(where, whitened, size) };
}

/** Squared distances of whitened rows to the nearest of whitened means [C, D]. */
function nearestOf(where: string, means: Float64Array, size: number): (rows: Whitened, into: Float64Array) => void {
  const classes = means.length / size;
  const halfNorms = Float64Array.from(
    { length: classes },
    (_, c) => squared(new Float64Array(size), 0, means, c, size) / 2,
  );
  const halfNorm = halfNorms.reduce((a, b) => Math.max(a, b));
  const origin = new Float64Array(size);
  return ({ whitened, products }, into) => {
    for (let row = 0; row < into.length; row++) {
      let least = NaN;
      let best = -1;
      let below = Infinity; // only means with ||m||^2 / 2 - y m up to here are looked at
      if (products) {
        let value = Infinity;
        best = 0;
        for (let c = 0; c < classes; c++) {
          const own = halfNorms[c]! - products[row * classes + c]!;
          if (own >= value) continue;
          best = c;
          value = own;
        }
        least = squared(whitened, row, means, best, size);
        // Rounding of a product of D terms (Higham, section 3.1), twice that for GPUs, with ||y|| <= distance + ||m||.
        const reach = (Math.sqrt(least) + 2 * Math.sqrt(2 * halfNorm)) * Math.sqrt(2 * halfNorm);
        const rounding = 4 * (size + 8) * 2 ** -24 * reach;
        below = value + rounding;
        if (row === 0) {
          // What chose must be what was asked for: a kernel that failed leaves numbers of another place.
          const square = squared(whitened, row, origin, 0, size);
          const expected = (least - square) / 2;
          const within = rounding + 2 ** -50 * (size + 8) * (least + square); // of float64 too, far outside the means
          if (Math.abs(value - expected) > within) throw failedKernel(where, value, expected);
        }
        if (!Number.isFinite(below)) below = Infinity;
      }
      for (let c = 0; c < classes; c++) {
        if (c === best) continue;
        if (products && halfNorms[c]! - products[row * classes + c]! > below) continue;
        const distance = squared(whitened, row, means, c, size);
        if (!(distance >= least)) least = distance;
      }
      into[row] = Number.isNaN(least) ? Infinity : least; // the rows are finite: float32 was left
    }
  };
}

function squared(rows: Float32Array | Float64Array, row: number, means: Float64Array, c: number, size: number): number {
  const [y, m] = [row * size, c * size];
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const difference = rows[y + i]! - means[m + i]!;
    sum += difference * difference;
  }
  return sum;
}
