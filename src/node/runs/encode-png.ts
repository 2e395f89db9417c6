import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Length, name, contents and their checksum. */
function chunk(name: string, contents: Uint8Array): Uint8Array[] {
  const named = Buffer.concat([Buffer.from(name), contents]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(contents.length);
  sum.writeUInt32BE(crc32(named));
  return [length, named, sum];
}

/** Pixels [height, width, 3] as a PNG file (RFC 2083), no line filtered. */
export function encodePng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits, RGB; deflate, no interlace
  const lines = new Uint8Array(height * (3 * width + 1));
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(3 * width * y, 3 * width * (y + 1)), y * (3 * width + 1) + 1);
  }
  const parts = [...chunk('IHDR', header), ...chunk('IDAT', deflateSync(lines)), ...chunk('IEND', new Uint8Array())];
  return new Uint8Array(Buffer.concat([SIGNATURE, ...parts]));
}
