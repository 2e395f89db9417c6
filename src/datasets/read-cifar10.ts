import { BYTES, check } from '../core/check';
import type { LabeledImages } from '../core/images';
import { readOptions } from '../core/read-options';
import { planesToPixels } from './planes-to-pixels';
import { CIFAR_100_CLASSES, CIFAR_OPTIONS, type CifarLabels, type CifarOptions } from './reader-options';
import { refuseFile } from './refuse-file';

const AREA = 32 * 32;

/** The label bytes of a record, in their order, and how many classes each tells apart. */
const LABELS = {
  10: [['labels', 10]],
  100: [
    ['coarse', CIFAR_100_CLASSES.coarse],
    ['fine', CIFAR_100_CLASSES.fine],
  ],
} as const;

/**
 * Reads a batch of CIFAR-10's binary version: records of a label byte and the R, G and B planes of 32x32 pixels; with
 * the option `labels` a file of CIFAR-100, whose records begin with two label bytes.
 *
 * Format: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
 *
 * @param options `labels`: `'fine'` (0..99) or `'coarse'` (0..19) for CIFAR-100
 * @returns images [N, 32, 32, 3], labels [N] in 0..9
 * @throws FormatError for a size that is no whole number of records, or a label out of range; ArgumentError for other
 *   `labels`
 * @example
 * const { images, labels } = readCifar10(await readFile('data_batch_1.bin'), { file: 'data_batch_1.bin' });
 * const fine = readCifar10(await readFile('cifar-100-binary/test.bin'), { labels: 'fine' });
 */
export function readCifar10(bytes: Uint8Array, options: CifarOptions = {}): LabeledImages {
  check('readCifar10', 'bytes', bytes, BYTES);
  const { file, labels: sort } = readOptions('readCifar10', options, CIFAR_OPTIONS);
  const refuse = refuseFile('readCifar10', file);
  const before = LABELS[sort ? 100 : 10];
  const record = before.length + 3 * AREA;
  const count = Math.floor(bytes.length / record);
  if (count === 0 || bytes.length % record !== 0) {
    const isOther = !sort && bytes.length > 0 && bytes.length % (record + 1) === 0;
    const hint = isOther ? ", as of CIFAR-100 (give the option labels: 'fine' or 'coarse')" : '';
    refuse(`records of ${record} bytes, one or more`, `${bytes.length} bytes${hint}`, count * record);
  }
  const images = new Uint8Array(count * 3 * AREA);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    for (const [at, [name, classes]] of before.entries()) {
      const offset = i * record + at;
      const label = bytes[offset]!;
      if (label >= classes) refuse(`${sort ? `${name} ` : ''}labels from 0 to ${classes - 1}`, label, offset);
      if (!sort || (name as CifarLabels) === sort) labels[i] = label;
    }
    planesToPixels(bytes, i * record + before.length, images, i * 3 * AREA, AREA);
  }
  return { images, shape: [count, 32, 32, 3], labels };
}
