import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readCifar10, readCifar10Python, readMnist, readSvhn, type LabeledImages } from 'tfjs-ood/datasets';

// Histograms and checksums are of what NumPy and SciPy read: images as uint8 [N, H, W, C], labels as int32.
const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const bytesOf = (file: string) => new Uint8Array(readFileSync(data + file));
const sha256 = ({ buffer, byteOffset, byteLength }: Uint8Array | Int32Array) =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');

function summary({ images, labels, shape }: LabeledImages) {
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label]!++;
  return [shape.join(), counts.join(), sha256(images).slice(0, 16), sha256(labels).slice(0, 16)];
}

describe.skipIf(!existsSync(data))('real files', () => {
  test.each([
    ['data_batch_1', '985,1000,973,979,1005,1042,1014,999,1010,993', '2582d29b670c6bd2', '919c954f4d838c20'],
    ['data_batch_2', '1045,983,990,1005,981,965,963,1018,1030,1020', 'fedd8ae03eacbe88', '9a9ce92492ae59cf'],
    ['test_batch', new Array(10).fill(1000).join(), '57f9790b091a990c', '795aa4a00c636cdc'],
  ])('CIFAR-10, binary: %s', (file, ...expected) => {
    const set = readCifar10(bytesOf(`cifar-10-batches-bin/${file}.bin`));
    expect(summary(set)).toEqual(['10000,32,32,3', ...expected]);
  });

  test.each([
    ['data_batch_1', '103,107,104,91,93,93,122,98,109,80', '0bd27205b85486e9'],
    ['test_batch', '105,104,99,104,102,107,89,102,88,100', '66bf078ae1676c9b'],
  ])('CIFAR-10, python: %s is the first thousand of the binary one', (file, counts, images) => {
    const python = readCifar10Python(bytesOf(`cifar-10-batches-py/${file}`));
    const binary = readCifar10(bytesOf(`cifar-10-batches-bin/${file}.bin`));
    expect(summary(python).slice(0, 3)).toEqual(['1000,32,32,3', counts, images]);
    expect(Buffer.compare(python.images, binary.images.subarray(0, 1000 * 3072))).toBe(0);
    expect(python.labels).toEqual(binary.labels.slice(0, 1000));
    expect(python.fileNames).toHaveLength(1000);
    expect(python.fileNames!.slice(0, 2)).toEqual(['image_000000.png', 'image_000001.png']);
  });

  test.each([
    ['train', '554,32,32,3', '32,112,79,72,55,53,34,36,43,38', 'bb0ed7bf21fec5a7', 'cfa6ca02159a3734'],
    ['test', '486,32,32,3', '26,94,85,52,48,31,50,36,27,37', 'd9c0303649436a35', '77e7ec245be9964f'],
  ])('SVHN %s equals scipy.io.loadmat', async (part, ...expected) => {
    expect(summary(await readSvhn(bytesOf(`svhn/${part}_32x32.mat`)))).toEqual(expected);
  });

  test.each([
    [
      'mnist/train',
      60_000,
      '5923,6742,5958,6131,5842,5421,5918,6265,5851,5949',
      '9c90a9fbc6809406',
      'd7189863686b63ff',
    ],
    ['mnist/t10k', 10_000, '980,1135,1032,1010,982,892,958,1028,974,1009', '54f0458acafc96fd', 'daf787272949997d'],
    ['fashion-mnist/t10k', 10_000, new Array(10).fill(1000).join(), 'c867c93ff9536059', '53fdd09ed9cbcd89'],
  ])('%s', async (name, count, ...expected) => {
    const set = await readMnist(bytesOf(`${name}-images-idx3-ubyte.gz`), bytesOf(`${name}-labels-idx1-ubyte.gz`));
    expect(summary(set)).toEqual([`${count},28,28,1`, ...expected]);
  });
});
