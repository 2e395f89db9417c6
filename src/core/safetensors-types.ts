/** An array with its shape, row by row; `dtype` is the safetensors name of what `data` holds. */
export type NamedArray =
  | { dtype: 'F32'; shape: readonly number[]; data: Float32Array }
  | { dtype: 'F64'; shape: readonly number[]; data: Float64Array }
  | { dtype: 'I32'; shape: readonly number[]; data: Int32Array }
  | { dtype: 'U8'; shape: readonly number[]; data: Uint8Array };

/** The element types that tfjs and our statistics have, by their safetensors names. */
export type Dtype = NamedArray['dtype'];

/** What is written, and read as it is. */
export const TYPES = {
  F32: { bytes: 4, array: Float32Array },
  F64: { bytes: 8, array: Float64Array },
  I32: { bytes: 4, array: Int32Array },
  U8: { bytes: 1, array: Uint8Array },
} as const;

/** A type that is read as another one, which has each of its values. */
interface ReadAs {
  bytes: number;
  as: 'F32' | 'I32' | 'U8';
  /** The element at a byte; of integers NaN where the other type has no such value. */
  read(view: DataView, at: number): number;
}

/** Half precision: 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent > 30 ? (fraction ? NaN : Infinity) : 2 ** ((exponent || 1) - 25) * (fraction + (exponent && 1024));
  return bits >> 15 ? -size : size;
}

/** BF16 is the first half of a float32. */
const brain = new DataView(new ArrayBuffer(4));

/** What Python writes besides: it becomes a type that there is here, every value as it was. */
const READ_AS: Readonly<Record<string, ReadAs>> = {
  F16: { bytes: 2, as: 'F32', read: (view, at) => half(view.getUint16(at, true)) },
  BF16: {
    bytes: 2,
    as: 'F32',
    read(view, at) {
      brain.setUint16(0, view.getUint16(at, true));
      return brain.getFloat32(0);
    },
  },
  BOOL: { bytes: 1, as: 'U8', read: (view, at) => (view.getUint8(at) < 2 ? view.getUint8(at) : NaN) },
  I64: {
    bytes: 8,
    as: 'I32',
    read(view, at) {
      const low = view.getInt32(at, true);
      return view.getInt32(at + 4, true) === low >> 31 ? low : NaN; // the upper half is the sign, or more
    },
  },
};

/** All that is read, by name: how many bytes an element has, and what it becomes where that is another type. */
export const READ: Readonly<Record<string, { bytes: number } & Partial<ReadAs>>> = { ...TYPES, ...READ_AS };
