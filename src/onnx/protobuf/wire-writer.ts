/** Bytes in pieces that are joined once, at the end: a tensor of a gigabyte is copied once, not at every level. */
export interface Chunks {
  readonly length: number;
  readonly pieces: readonly Uint8Array[];
}

/** The wire types that ONNX has. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const encoder = /* @__PURE__ */ new TextEncoder();

/** A whole number of 64 bits, 7 bits a byte; one below 0 takes ten bytes, as two's complement. */
function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

export const chunksOf = (bytes: Uint8Array): Chunks => ({ length: bytes.length, pieces: [bytes] });

export const joinedChunks = (parts: readonly Chunks[]): Chunks => ({
  length: parts.reduce((sum, { length }) => sum + length, 0),
  pieces: parts.flatMap(({ pieces }) => pieces),
});

/** The pieces as one array. */
export function bytesOfChunks({ length, pieces }: Chunks): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

export const intField = (field: number, value: number | bigint): Chunks =>
  chunksOf(Uint8Array.from([...varint((field << 3) | WIRE.varint), ...varint(value)]));

/** A message, or bytes. */
export const messageField = (field: number, content: Chunks): Chunks =>
  joinedChunks([chunksOf(Uint8Array.from([...varint((field << 3) | WIRE.bytes), ...varint(content.length)])), content]);

export const textField = (field: number, text: string): Chunks => messageField(field, chunksOf(encoder.encode(text)));

/** A list of whole numbers, packed. */
export const intsField = (field: number, values: readonly number[]): Chunks =>
  messageField(field, chunksOf(Uint8Array.from(values.flatMap((value) => varint(value)))));

export function floatField(field: number, value: number): Chunks {
  const bytes = new Uint8Array(5);
  bytes[0] = (field << 3) | WIRE.fixed32; // fields of attributes are below 16
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return chunksOf(bytes);
}
