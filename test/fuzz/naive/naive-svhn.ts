import { inflateSync } from 'node:zlib';

/** Elements of MATLAB 5 data, one after the other. */
function elementsOf(data: Buffer, isLittle: boolean): { type: number; data: Buffer }[] {
  const u32 = (at: number) => (isLittle ? data.readUInt32LE(at) : data.readUInt32BE(at));
  const found: { type: number; data: Buffer }[] = [];
  // What is left behind the last whole header says nothing.
  for (let at = 0; at + 8 <= data.length;) {
    const word = u32(at);
    if (word > 0xffff) {
      found.push({ type: word % 65536, data: data.subarray(at + 4, at + 4 + Math.floor(word / 65536)) });
      at += 8;
      continue;
    }
    const size = u32(at + 4);
    found.push({ type: word, data: data.subarray(at + 8, at + 8 + size) });
    at += 8 + (word === 15 ? size : Math.ceil(size / 8) * 8);
  }
  return found;
}

/** Numbers of a MATLAB type. */
function numbersOf(type: number, data: Buffer, isLittle: boolean): number[] {
  const reads: Record<number, [number, (at: number) => number]> = {
    1: [1, (at) => data.readInt8(at)],
    2: [1, (at) => data.readUInt8(at)],
    3: [2, (at) => (isLittle ? data.readInt16LE(at) : data.readInt16BE(at))],
    4: [2, (at) => (isLittle ? data.readUInt16LE(at) : data.readUInt16BE(at))],
    5: [4, (at) => (isLittle ? data.readInt32LE(at) : data.readInt32BE(at))],
    6: [4, (at) => (isLittle ? data.readUInt32LE(at) : data.readUInt32BE(at))],
    7: [4, (at) => (isLittle ? data.readFloatLE(at) : data.readFloatBE(at))],
    9: [8, (at) => (isLittle ? data.readDoubleLE(at) : data.readDoubleBE(at))],
    12: [8, (at) => Number(isLittle ? data.readBigInt64LE(at) : data.readBigInt64BE(at))],
    13: [8, (at) => Number(isLittle ? data.readBigUInt64LE(at) : data.readBigUInt64BE(at))],
  };
  const [width, read] = reads[type]!;
  return Array.from({ length: data.length / width }, (_, i) => read(i * width));
}

/** An SVHN file that is known to be whole, read without care; throws anything where it is not. */
export function naiveSvhn(bytes: Uint8Array): { labels: number[]; images: Uint8Array } {
  const file = Buffer.from(bytes);
  const isLittle = file.toString('latin1', 126, 128) === 'IM';
  const arrays = new Map<string, { type: number; data: Buffer }>();
  for (const outer of elementsOf(file.subarray(128), isLittle)) {
    let array = outer;
    // Of others than X and y the block may be cut: only its head is looked at.
    if (outer.type === 15) {
      const block = inflateSync(outer.data, { finishFlush: 2, maxOutputLength: 1e7 });
      [array] = elementsOf(block, isLittle) as [typeof outer];
    }
    const [, , name, values] = elementsOf(array.data, isLittle);
    arrays.set(name!.data.toString('latin1'), values!);
  }
  const [x, y] = [arrays.get('X')!, arrays.get('y')!];
  const images = new Uint8Array(x.data.length);
  for (let n = 0, to = 0; n < x.data.length / 3072; n++)
    for (let row = 0; row < 32; row++)
      for (let column = 0; column < 32; column++)
        for (let c = 0; c < 3; c++) images[to++] = x.data[n * 3072 + c * 1024 + column * 32 + row]!;
  return { images, labels: numbersOf(y.type, y.data, isLittle).map((label) => (label === 10 ? 0 : label)) };
}
