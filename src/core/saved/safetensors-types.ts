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

// The marks let a bundle that only writes go without.
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(4));
/** The float32 of these bits. */
function floatOf(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

/**
 * The float16 of these bits: where a float32 has exponent and fraction they stand for a number 2^112 times smaller,
 * subnormal ones too; 65536 would be the first past the largest, and is infinity.
 */
function half(bits: number): number {
  const size = floatOf((bits & 0x7fff) << 13) * 2 ** 112;
  const known = size < 65_536 ? size : size > 65_536 ? NaN : Infinity;
  return bits >> 15 ? -known : known;
}

/** What Python writes besides: it becomes a type that there is here, every value as it was. */
const READ_AS: Readonly<Record<string, ReadAs>> = {
  F16: { bytes: 2, as: 'F32', read: (view, at) => half(view.getUint16(at, true)) },
  BF16: { bytes: 2, as: 'F32', read: (view, at) => floatOf(view.getUint16(at, true) << 16) },
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
export const READ: Readonly<Record<string, Pick<ReadAs, 'bytes'> & Partial<ReadAs>>> = /* @__PURE__ */ Object.assign(
  {},
  TYPES,
  READ_AS,
);
