import { deflateSync } from 'node:zlib';

export const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
export const u32 = (value: number, little = true) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, little);
  return [...bytes];
};

// ---- small files of each format, byte by byte ----

/** `count` records: label i, then planes of 10 + i, 100 + i, 200 + i. */
export function cifarBinary(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 3073);
  for (let i = 0; i < count; i++) {
    bytes[i * 3073] = i % 10;
    [10, 100, 200].forEach((value, c) => bytes.fill(value + i, i * 3073 + 1 + c * 1024, i * 3073 + 1 + (c + 1) * 1024));
    bytes[i * 3073 + 1 + 33] = 77; // red, row 1, column 1
  }
  return bytes;
}

/** The same as Python 2 pickles it with protocol 2. */
export function cifarPickle(
  count: number,
  globalName = 'numpy.core.multiarray\n_reconstruct\n',
  dtype = 'u1',
): Uint8Array {
  const raw: number[] = [];
  const binary = cifarBinary(count);
  for (let i = 0; i < count; i++) raw.push(...binary.subarray(i * 3073 + 1, (i + 1) * 3073));
  const text = (s: string) => [0x55, s.length, ...ascii(s)];
  const global = (name: string) => [0x63, ...ascii(name)];
  return Uint8Array.from(
    [
      [0x80, 2, 0x7d, 0x71, 1, 0x28], // a dictionary, remembered, and a mark
      [...text('data'), 0x71, 2],
      [...global(globalName), 0x71, 3, ...global('numpy\nndarray\n'), 0x4b, 0, 0x85, ...text('b'), 0x87, 0x52],
      [0x28, 0x4b, 1, 0x4b, count, 0x4d, 0, 12, 0x86], // the array's state: version 1, shape (count, 3072)
      [...global('numpy\ndtype\n'), ...text(dtype), 0x4b, 0, 0x4b, 1, 0x87, 0x52],
      [0x28, 0x4b, 3, ...text('|'), 0x4e, 0x4e, 0x4e], // the dtype's state
      [0x4a, ...u32(0xffffffff), 0x4a, ...u32(0xffffffff), 0x4b, 0, 0x74, 0x62],
      [0x89, 0x54, ...u32(raw.length), ...raw, 0x74, 0x62],
      [...text('labels'), 0x5d, 0x28, ...Array.from({ length: count }, (_, i) => [0x4b, i % 10]).flat(), 0x65],
      [0x75, 0x2e],
    ].flat(),
  );
}

export const element = (type: number, data: number[] | Uint8Array, little: boolean) => [
  ...u32(type, little),
  ...u32(data.length, little),
  ...data,
  ...new Array<number>((8 - (data.length % 8)) % 8).fill(0),
];

export function matlabArray(
  name: string,
  arrayClass: number,
  shape: number[],
  type: number,
  data: number[] | Uint8Array,
  little: boolean,
) {
  return element(
    14,
    [
      ...element(6, [...u32(arrayClass, little), ...u32(0, little)], little),
      ...element(
        5,
        shape.flatMap((side) => u32(side, little)),
        little,
      ),
      ...element(1, ascii(name), little),
      ...element(type, data, little),
    ],
    little,
  );
}

/** SVHN's file: pixel (row, column, channel, image) = row + 2 * column + 50 * channel + image; labels 10, 1, 2, ... */
export function svhnFile({
  count = 2,
  little = true,
  compressed = false,
  labelType = 2,
  brighter = 0,
} = {}): Uint8Array {
  const x: number[] = [];
  for (let n = 0; n < count; n++)
    for (let c = 0; c < 3; c++)
      for (let col = 0; col < 32; col++)
        for (let row = 0; row < 32; row++) x.push(row + 2 * col + 50 * c + n + brighter);
  const labels = Array.from({ length: count }, (_, i) => (i === 0 ? 10 : i));
  const doubles = new Uint8Array(8 * count);
  labels.forEach((label, i) => new DataView(doubles.buffer).setFloat64(8 * i, label, little));
  const arrays = [
    matlabArray('X', 9, [32, 32, 3, count], 2, x, little),
    matlabArray('y', labelType === 9 ? 6 : 9, [count, 1], labelType, labelType === 9 ? doubles : labels, little),
  ];
  const header = new Uint8Array(128).fill(32);
  header.set(ascii('MATLAB 5.0 MAT-file'));
  header.set(little ? [0, 1] : [1, 0], 124);
  header.set(ascii(little ? 'IM' : 'MI'), 126);
  const body = arrays.flatMap((array) => {
    if (!compressed) return array;
    const packed = [...deflateSync(Uint8Array.from(array))];
    return [...u32(15, little), ...u32(packed.length, little), ...packed];
  });
  return Uint8Array.from([...header, ...body]);
}

export const idx = (type: number, shape: number[], data: number[]) =>
  Uint8Array.from([0, 0, type, shape.length, ...shape.flatMap((side) => u32(side, false)), ...data]);
