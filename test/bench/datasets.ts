import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateSync } from 'node:zlib';
import { seededRandom } from '../../src/core/random';
import { streamInflate, type Inflate } from '../../src/datasets/inflate';
import { readSvhn } from '../../src/datasets/read-svhn';
import { nodeInflate } from '../../src/node/images/node-inflate';

export const title = "reading a file as large as SVHN's training set (73,257 images, synthetic)";

const COUNT = 73_257;
const IMAGE = 3072;

const element = (type: number, data: Uint8Array): Uint8Array[] => {
  const tag = new Uint8Array(8);
  new DataView(tag.buffer).setUint32(0, type, true);
  new DataView(tag.buffer).setUint32(4, data.length, true);
  return [tag, data, new Uint8Array((8 - (data.length % 8)) % 8)];
};
const int32 = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);

function array(name: string, shape: number[], data: Uint8Array): Uint8Array {
  const body = [
    ...element(6, int32(9, 0)),
    ...element(5, int32(...shape)),
    ...element(1, new TextEncoder().encode(name)),
    ...element(2, data),
  ];
  return Buffer.concat(element(14, Buffer.concat(body)));
}

/** Images of a slope and some noise, which deflate packs about as well as photographs. */
function matFile(isPacked: boolean): Uint8Array {
  const random = seededRandom(1);
  const noise = Uint8Array.from({ length: 65_537 }, () => random.integer(32));
  const images = new Uint8Array(COUNT * IMAGE);
  for (let i = 0; i < images.length; i++) images[i] = ((i >> 5) & 127) + noise[i % noise.length]! + ((i >> 12) & 63);
  const labels = Uint8Array.from({ length: COUNT }, (_, i) => 1 + (i % 10));
  const arrays = [array('X', [32, 32, 3, COUNT], images), array('y', [COUNT, 1], labels)];
  const header = new Uint8Array(128).fill(32);
  header.set(new TextEncoder().encode('MATLAB 5.0 MAT-file'));
  header.set([0, 1, 0x49, 0x4d], 124);
  const parts = isPacked
    ? arrays.flatMap((part) => {
        const packed = deflateSync(part, { level: 1 });
        return [int32(15, packed.length), packed];
      })
    : arrays;
  return Buffer.concat([header, ...parts]);
}

/** Time and largest resident size of reading; what made the file is collected first. */
async function measure(name: string, bytes: Uint8Array, inflate: Inflate): Promise<string> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const before = process.memoryUsage().rss;
  let peak = before;
  const sample = () => (peak = Math.max(peak, process.memoryUsage().rss));
  const timer = setInterval(sample, 10);
  const start = performance.now();
  const { images, labels } = await readSvhn(bytes, { inflate });
  const time = performance.now() - start;
  sample();
  clearInterval(timer);
  if (images.length !== COUNT * IMAGE || labels[9] !== 0) throw new Error(`${name} was read wrongly`);
  const mb = (size: number) => `${(size / 1e6).toFixed(0)} MB`;
  return `${name.padEnd(34)} ${time.toFixed(0).padStart(6)} ms  file ${mb(bytes.length)}, peak RSS ${mb(peak)} (${mb(peak - before)} more than before)`;
}

export async function run(): Promise<string[]> {
  const lines: string[] = [];
  let bytes = matFile(false);
  lines.push(await measure('uncompressed', bytes, streamInflate));
  bytes = matFile(true);
  lines.push(await measure('compressed, DecompressionStream', bytes, streamInflate));
  lines.push(await measure('compressed, node:zlib', bytes, nodeInflate));
  return lines;
}
