import { FormatError } from '../errors';
import { planesToPixels, type LabelledImages, type ReadOptions } from './images';
import { unpickle, UnpickledArray } from './unpickle';

const AREA = 32 * 32;

/**
 * Reads a batch of CIFAR-10's python version, a pickle of `data` (uint8 [N, 3072], planes R, G, B) and `labels`.
 *
 * The pickle is read by a restricted reader that calls nothing and builds data only: a pickle from a stranger is safe.
 *
 * Format: https://www.cs.toronto.edu/~kriz/cifar.html, "Python version".
 *
 * @returns images [N, 32, 32, 3], labels [N] in 0..9
 * @throws FormatError for any other pickle, with the byte at which it shows
 * @example
 * const { images, labels } = readCifar10Python(await readFile('cifar-10-batches-py/data_batch_1'));
 */
export function readCifar10Python(bytes: Uint8Array, { file = 'bytes' }: ReadOptions = {}): LabelledImages {
  const where = 'readCifar10Python';
  const refuse = (expected: string, received: string): never => {
    throw new FormatError({ where, what: file, expected, received }, 0);
  };
  const batch = unpickle(where, bytes, file);
  if (!(batch instanceof Map)) return refuse('a dictionary', 'something else');
  const [data, labelList] = [batch.get('data'), batch.get('labels')];
  if (!(data instanceof UnpickledArray) || data.shape.length !== 2 || data.shape[1] !== 3 * AREA) {
    return refuse(
      `data, uint8 [N, ${3 * AREA}]`,
      data instanceof UnpickledArray ? `[${data.shape.join(', ')}]` : 'none',
    );
  }
  const count = data.shape[0]!;
  if (!Array.isArray(labelList) || labelList.length !== count) {
    return refuse(`${count} labels`, Array.isArray(labelList) ? String(labelList.length) : 'none');
  }
  const wrong = labelList.findIndex(
    (label) => !(Number.isInteger(label) && (label as number) >= 0 && (label as number) <= 9),
  );
  if (wrong >= 0) return refuse('labels from 0 to 9', `${JSON.stringify(labelList[wrong])} at index ${wrong}`);
  const images = new Uint8Array(count * 3 * AREA);
  for (let i = 0; i < count; i++) planesToPixels(data.data, i * 3 * AREA, images, i * 3 * AREA, AREA);
  return { images, shape: [count, 32, 32, 3], labels: Int32Array.from(labelList as number[]) };
}
