import { BYTES, check, wholeFrom } from '../core/check';
import { FormatError } from '../core/errors';
import type { LabeledImages } from '../core/images';
import { readOptions } from '../core/read-options';
import { planesToPixels } from './planes-to-pixels';
import { CIFAR_100_CLASSES, CIFAR_OPTIONS, type CifarOptions } from './reader-options';
import { PickledArray, shortText } from './pickle-values';
import { unpickle } from './unpickle';

const AREA = 32 * 32;

/** Images, labels and, where the file has them, the names of the images' files. */
export interface NamedImages extends LabeledImages {
  /** [N] */
  fileNames?: string[];
}

/**
 * Reads a batch of CIFAR-10's python version, a pickle of `data` (uint8 [N, 3072], planes R, G, B) and `labels`, a list
 * or a NumPy array of whole numbers; with the option `labels` a file of CIFAR-100, whose pickle has two sorts of them.
 *
 * The pickle is read by a restricted reader that calls nothing and builds data only: a pickle from a stranger is safe.
 *
 * Format: https://www.cs.toronto.edu/~kriz/cifar.html, "Python version".
 *
 * @param options `labels`: `'fine'` (0..99) or `'coarse'` (0..19) for CIFAR-100
 * @returns images [N, 32, 32, 3], labels [N] in 0..9, fileNames [N] where the pickle has `filenames`
 * @throws FormatError for any other pickle, with the byte at which it shows; ArgumentError for other `labels`
 * @example
 * const { images, labels } = readCifar10Python(await readFile('cifar-10-batches-py/data_batch_1'));
 * const fine = readCifar10Python(await readFile('cifar-100-python/train'), { labels: 'fine' });
 */
export function readCifar10Python(bytes: Uint8Array, options: CifarOptions = {}): NamedImages {
  check('readCifar10Python', 'bytes', bytes, BYTES);
  const where = 'readCifar10Python';
  const { file, labels: sort } = readOptions(where, options, CIFAR_OPTIONS);
  const { value: batch, offsetOf } = unpickle(where, bytes, file);
  const refuse = (expected: string, received: string, part?: unknown): never => {
    throw new FormatError(where, file, expected, received, offsetOf(part));
  };
  if (!(batch instanceof Map)) return refuse('a dictionary', 'something else');
  const key = sort ? `${sort}_labels` : 'labels';
  const [data, own, names] = [batch.get('data'), batch.get(key), batch.get('filenames')];
  if (data instanceof PickledArray && data.dtype && !data.data)
    refuse('data, an array of uint8', data.dtype.name, data);
  const [count = 0, size] = data instanceof PickledArray ? data.shape : [];
  if (!(data instanceof PickledArray && data.data && data.shape.length === 2 && size === 3 * AREA && count > 0)) {
    const received = data instanceof PickledArray ? `[${data.shape.join(', ')}]` : 'none';
    return refuse(`data, uint8 [N, ${3 * AREA}], one or more`, received, data);
  }
  const labels = own instanceof PickledArray ? own.column : own;
  if (!Array.isArray(labels) || labels.length !== count) {
    const isOther = own === undefined && !sort && batch.has('fine_labels');
    const hint = "none, but those of CIFAR-100 (give the option labels: 'fine' or 'coarse')";
    const received = own instanceof PickledArray ? `an array [${own.shape.join(', ')}]` : isOther ? hint : 'none';
    return refuse(`${count} ${key}`, Array.isArray(labels) ? String(labels.length) : received, own);
  }
  const largest = (sort ? CIFAR_100_CLASSES[sort] : 10) - 1;
  const { holds } = wholeFrom(0, largest);
  const wrong = labels.findIndex((label) => !holds(label as number));
  if (wrong >= 0) {
    const shown = typeof labels[wrong] === 'number' ? String(labels[wrong]) : 'something else';
    return refuse(`${key.replace('_', ' ')} from 0 to ${largest}`, `${shown} at index ${wrong}`, own);
  }
  const images = new Uint8Array(data.data.length);
  for (let i = 0; i < count; i++) planesToPixels(data.data, i * 3 * AREA, images, i * 3 * AREA, AREA);
  const set: NamedImages = { images, shape: [count, 32, 32, 3], labels: Int32Array.from(labels as number[]) };
  if (names === undefined) return set;
  // Counted first: a list can name one string any number of times, and each becomes a text of its own.
  const listed = Array.isArray(names) ? names.length : 0;
  const fileNames = Array.isArray(names) && listed === count ? names.map((name) => shortText(name)) : [];
  if (listed !== count || !fileNames.every((name) => name !== undefined)) {
    return refuse(`${count} file names`, `${listed}, or others than strings`, names);
  }
  return { ...set, fileNames };
}
