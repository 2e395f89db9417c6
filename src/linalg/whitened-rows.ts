import * as tf from '@tensorflow/tfjs-core';
import { checkEntry, product } from './checked-product';
import { Scratch } from './scratch';
import { keptTensors } from '../tensors/kept-tensors';
import { sliceRows } from './slice-rows';
import { inverseOf, type Whitening } from './whitening';
import { worthBackend } from './backend-choice';

/** Rows y [B, D]; rows of padding may follow. `products`: y V, roughly, where V was given and the backend is used. */
export interface Whitened {
  whitened: Float32Array | Float64Array;
  products?: Float32Array;
}

/** y = L^-1 (x - c) of rows x, a block at a time. */
export interface WhitenedRows {
  /** Of rows [B, D]; `columns` is V [D, C]. */
  of(rows: Float32Array, columns?: tf.Tensor2D): Promise<Whitened>;
  /** Frees what it holds on the backend. */
  dispose(): void;
}

/** Writes (x - c) / unit; float64 until it is stored. */
type Center = <Z extends Float32Array | Float64Array>(z: Z) => Z;

/** One way to multiply: L^-1 in the same units [D, D], rows of `depth`. */
interface Way {
  of(center: Center, depth: number, columns?: tf.Tensor2D): Promise<Whitened>;
  dispose(): void;
}

/**
 * Whitening by matrix products of the backend; in float64 where that has no float32, and for small D.
 *
 * x - c is float64, in units of `spread` [D] (how far rows go from c), then float32. What that rounding does to ||y||^2
 * of a usual row is known beforehand: relative to D a few times 2^-23 ||L^-1 diag(spread)||_F / D. Where this is more
 * than `tolerance` (features that nearly depend on each other, classes very far apart), rows and matrix are cut in two
 * and multiplied nearly exactly, three products for one.
 */
export function whitenedRows(
  where: string,
  whitening: Whitening,
  center: Float64Array,
  spread: Float64Array,
  tolerance = 5e-7,
): WhitenedRows {
  const { size } = whitening;
  const unit = spread.map((value) => value || 1);
  const perUnit = unit.map((value) => 1 / value);
  const matrix = inverseOf(whitening);
  for (let at = 0; at < matrix.length; at++) matrix[at]! *= unit[at % size]!;
  const norm = Math.sqrt(matrix.reduce((sum, value) => sum + value * value, 0));
  const rounding = (2 ** -23 * norm * Math.sqrt(Math.max(1, size / 64))) / size;
  const way = rounding > tolerance ? inParts(where, matrix, size) : inFloat32(where, matrix, size);
  return {
    of(rows, columns) {
      const count = rows.length / size;
      const centered: Center = (z) => {
        for (let from = 0; from < rows.length; from += size) {
          for (let i = 0; i < size; i++) z[from + i] = (rows[from + i]! - center[i]!) * perUnit[i]!;
        }
        return z;
      };
      if (!worthBackend(size)) return inFloat64(matrix, size, centered(new Float64Array(rows.length)));
      const depth = 2 ** Math.ceil(Math.log2(count)); // few shapes, because kernels are compiled and cached by shape
      return way.of(centered, depth, columns);
    },
    dispose: () => way.dispose(),
  };
}

function inFloat64(matrix: Float64Array, size: number, z: Float64Array): Promise<Whitened> {
  const whitened = new Float64Array(z.length);
  for (let from = 0; from < z.length; from += size) {
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j <= i; j++) sum += matrix[i * size + j]! * z[from + j]!;
      whitened[from + i] = sum;
    }
  }
  return Promise.resolve({ whitened });
}

const transposed = (matrix: Float32Array | Float64Array, size: number): Float32Array =>
  Float32Array.from(matrix, (_, at) => matrix[(at % size) * size + Math.floor(at / size)]!);

function inFloat32(where: string, matrix: Float64Array, size: number): Way {
  const kept = keptTensors(where, () => ({ turned: tf.tensor2d(transposed(matrix, size), [size, size]) }));
  const scratch = new Scratch();
  return {
    async of(center, depth, columns) {
      const { turned } = kept.get();
      const z = center(scratch.float32('z', depth * size)); // what follows the rows is not read
      const row = z.slice(0, size);
      const tensors = tf.tidy(() => {
        const whitened = product(tf.tensor2d(z, [depth, size]), turned);
        return columns ? [whitened, product(whitened, columns)] : [whitened];
      });
      try {
        const [whitened, products] = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
        for (const i of [0, size - 1]) {
          checkEntry(where, whitened![i]!, size, (j) => row[j]! * Math.fround(matrix[i * size + j]!));
        }
        return { whitened: whitened!, ...(products && { products }) };
      } finally {
        tf.dispose(tensors);
      }
    },
    dispose: () => kept.dispose(),
  };
}

/** (a + r) (B + S) = a B + (a S + r (B + S)): the first product is exact, the second small. */
function inParts(where: string, matrix: Float64Array, size: number): Way {
  let units = new Float64Array(0);
  let wholeMatrix = new Float32Array(0);
  const parts = keptTensors(where, () => {
    const { whole, rest, units: own } = sliceRows(matrix, size);
    units = own;
    wholeMatrix = Float32Array.from(whole);
    const small = new Float32Array(2 * size * size);
    small.set(transposed(rest, size));
    small.set(
      transposed(
        whole.map((value, at) => value + rest[at]!),
        size,
      ),
      size * size,
    );
    return {
      whole: tf.tensor2d(transposed(whole, size), [size, size]),
      small: tf.tensor2d(small, [2 * size, size]),
    };
  });
  return {
    async of(center, depth, columns) {
      const own = parts.get();
      const z = sliceRows(center(new Float64Array(depth * size)), size);
      const row = z.whole.slice(0, size);
      const products = tf.tidy(() => {
        const a = tf.tensor2d(z.whole, [depth, size]);
        const both = tf.concat([a, tf.tensor2d(z.rest, [depth, size])], 1);
        return [product(a, own.whole), product(both, own.small)] as const;
      });
      const whitened = new Float64Array(depth * size);
      try {
        const [exact, small] = await Promise.all([products[0].data(), products[1].data()]);
        for (const i of [0, size - 1]) checkEntry(where, exact[i]!, size, (j) => row[j]! * wholeMatrix[i * size + j]!);
        for (let at = 0; at < whitened.length; at++) {
          whitened[at] = (exact[at]! + small[at]!) * z.units[Math.floor(at / size)]! * units[at % size]!;
        }
      } finally {
        tf.dispose([...products]);
      }
      if (!columns) return { whitened };
      const p = tf.tidy(() => product(tf.tensor2d(Float32Array.from(whitened), [depth, size]), columns));
      try {
        return { whitened, products: await p.data<'float32'>() };
      } finally {
        p.dispose();
      }
    },
    dispose: () => parts.dispose(),
  };
}
