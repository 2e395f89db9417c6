import { FormatError } from '../core/errors';
import type { LabeledImages } from '../core/images';
import { planesToPixels } from './planes-to-pixels';
import type { ReadOptions } from './read-options';

const AREA = 32 * 32;
const RECORD = 1 + 3 * AREA;

/**
 * Reads a batch of CIFAR-10's binary version: records of a label byte and the R, G and B planes of 32x32 pixels.
 *
 * Format: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
 *
 * @returns images [N, 32, 32, 3], labels [N] in 0..9
 * @throws FormatError for a size that is no whole number of records, or a label above 9
 * @example
 * const { images, labels } = readCifar10(await readFile('data_batch_1.bin'), { file: 'data_batch_1.bin' });
 */
export function readCifar10(bytes: Uint8Array, { file = 'bytes' }: ReadOptions = {}): LabeledImages {
  const where = 'readCifar10';
  const count = Math.floor(bytes.length / RECORD);
  if (count === 0 || bytes.length % RECORD !== 0) {
    const expected = `records of ${RECORD} bytes, one or more`;
    throw new FormatError({ where, what: file, expected, received: `${bytes.length} bytes` }, count * RECORD);
  }
  const images = new Uint8Array(count * 3 * AREA);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const offset = i * RECORD;
    labels[i] = bytes[offset]!;
    if (labels[i]! > 9) {
      throw new FormatError({ where, what: file, expected: 'labels from 0 to 9', received: String(labels[i]) }, offset);
    }
    planesToPixels(bytes, offset + 1, images, i * 3 * AREA, AREA);
  }
  return { images, shape: [count, 32, 32, 3], labels };
}
