/** How numbers lie in bytes, little-endian unless the name ends in `be`. */
export interface NumberFormat {
  bytes: number;
  read(view: DataView, at: number): number;
}

const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(4));

/** The float16 of these bits. */
export function float16Of(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits >> 15 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** The bfloat16 of these bits. */
function bfloat16Of(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

type Reader = (view: DataView, at: number, isLittle: boolean) => number;

const of = (bytes: number, read: Reader, isLittle = true): NumberFormat => ({
  bytes,
  read: (view, at) => read(view, at, isLittle),
});

/** Formats by their names; a big-endian one is made by `isLittle` false. */
export function numberFormat(name: NumberFormatName, isLittle = true): NumberFormat {
  switch (name) {
    case 'float16':
      return of(2, (view, at, little) => float16Of(view.getUint16(at, little)), isLittle);
    case 'bfloat16':
      return of(2, (view, at, little) => bfloat16Of(view.getUint16(at, little)), isLittle);
    case 'float32':
      return of(4, (view, at, little) => view.getFloat32(at, little), isLittle);
    case 'float64':
      return of(8, (view, at, little) => view.getFloat64(at, little), isLittle);
    case 'int8':
      return of(1, (view, at) => view.getInt8(at));
    case 'uint8':
      return of(1, (view, at) => view.getUint8(at));
    case 'int16':
      return of(2, (view, at, little) => view.getInt16(at, little), isLittle);
    case 'uint16':
      return of(2, (view, at, little) => view.getUint16(at, little), isLittle);
    case 'int32':
      return of(4, (view, at, little) => view.getInt32(at, little), isLittle);
    case 'uint32':
      return of(4, (view, at, little) => view.getUint32(at, little), isLittle);
    case 'int64':
      return of(8, (view, at, little) => Number(view.getBigInt64(at, little)), isLittle);
    case 'uint64':
      return of(8, (view, at, little) => Number(view.getBigUint64(at, little)), isLittle);
  }
}

export type NumberFormatName =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64';

/** Whole numbers at some bytes as ids and labels have them. */
export function wholeNumbers(
  name: NumberFormatName,
  bytes: Uint8Array,
  rows: number,
  isLittle = true,
): Int32Array | Float64Array | BigInt64Array | BigUint64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (name === 'int64') {
    const values = new BigInt64Array(rows);
    for (let i = 0; i < rows; i++) values[i] = view.getBigInt64(8 * i, isLittle);
    return values;
  }
  if (name === 'uint64') {
    const values = new BigUint64Array(rows);
    for (let i = 0; i < rows; i++) values[i] = view.getBigUint64(8 * i, isLittle);
    return values;
  }
  const { bytes: size, read } = numberFormat(name, isLittle);
  if (name === 'uint32') return BigInt64Array.from({ length: rows }, (_, i) => BigInt(read(view, size * i)));
  const values = name.includes('float') ? new Float64Array(rows) : new Int32Array(rows);
  for (let i = 0; i < rows; i++) values[i] = read(view, size * i);
  return values;
}
