import { FormatError } from '../core/errors';
import type { LabeledImages } from '../core/images';
import { planesToPixels } from './planes-to-pixels';
import type { ReadOptions } from './read-options';
import { PickledArray, shortText } from './pickle-values';
import { unpickle } from './unpickle';

const AREA = 32 * 32;

/** Images, labels and, where the file has them, the names of the images' files. */
export interface NamedImages extends LabeledImages {
  /** [N] */
  fileNames?: string[];
}

/**
 * Reads a batch of CIFAR-10's python version, a pickle of `data` (uint8 [N, 3072], planes R, G, B) and `labels`.
 *
 * The pickle is read by a restricted reader that calls nothing and builds data only: a pickle from a stranger is safe.
 *
 * Format: https://www.cs.toronto.edu/~kriz/cifar.html, "Python version".
 *
 * @returns images [N, 32, 32, 3], labels [N] in 0..9, fileNames [N] where the pickle has `filenames`
 * @throws FormatError for any other pickle, with the byte at which it shows
 * @example
 * const { images, labels } = readCifar10Python(await readFile('cifar-10-batches-py/data_batch_1'));
 */
export function readCifar10Python(bytes: Uint8Array, { file = 'bytes' }: ReadOptions = {}): NamedImages {
  const where = 'readCifar10Python';
  const { value: batch, offsetOf } = unpickle(where, bytes, file);
  const refuse = (expected: string, received: string, part?: unknown): never => {
    throw new FormatError({ where, what: file, expected, received }, offsetOf(part));
  };
  if (!(batch instanceof Map)) return refuse('a dictionary', 'something else');
  const [data, labels, names] = [batch.get('data'), batch.get('labels'), batch.get('filenames')];
  const [count = 0, size] = data instanceof PickledArray ? data.shape : [];
  if (!(data instanceof PickledArray && data.data && data.shape.length === 2 && size === 3 * AREA && count > 0)) {
    const received = data instanceof PickledArray ? `[${data.shape.join(', ')}]` : 'none';
    return refuse(`data, uint8 [N, ${3 * AREA}], one or more`, received, data);
  }
  if (!Array.isArray(labels) || labels.length !== count) {
    return refuse(`${count} labels`, Array.isArray(labels) ? String(labels.length) : 'none', labels);
  }
  const numbers = new Int32Array(count);
  labels.forEach((label, i) => {
    const isLabel = typeof label === 'number' && Number.isInteger(label) && label >= 0 && label <= 9;
    if (!isLabel) {
      const shown = typeof label === 'number' ? String(label) : 'something else';
      return refuse('labels from 0 to 9', `${shown} at index ${i}`, labels);
    }
    numbers[i] = label;
  });
  const images = new Uint8Array(data.data.length);
  for (let i = 0; i < count; i++) planesToPixels(data.data, i * 3 * AREA, images, i * 3 * AREA, AREA);
  const set: NamedImages = { images, shape: [count, 32, 32, 3], labels: numbers };
  if (names === undefined) return set;
  // Counted first: a list can name one string any number of times, and each becomes a text of its own.
  const listed = Array.isArray(names) ? names.length : 0;
  const fileNames = Array.isArray(names) && listed === count ? names.map((name) => shortText(name)) : [];
  if (listed !== count || !fileNames.every((name) => name !== undefined)) {
    return refuse(`${count} file names`, `${listed}, or others than strings`, names);
  }
  return { ...set, fileNames };
}
