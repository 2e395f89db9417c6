import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync, inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { parquetFile } from './given-blocks';
import { cifarBinary, cifarPickle, idx, svhnFile } from '../datasets/small-files';

const HEAD = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';
const ppm = (value: number) => Buffer.concat([Buffer.from('P6\n32 32\n255\n'), Buffer.alloc(3072, value)]);

/** A .tar.gz with one file. */
function tarGz(name: string, text: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write('0000644\0', 100);
  head.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124);
  head.write('00000000000\0', 136);
  head.write('        0ustar\0' + '00', 148);
  const sum = head.reduce((a, b) => a + b, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = Buffer.alloc(512);
  body.write(text);
  return gzipSync(Buffer.concat([head, body, Buffer.alloc(1024)]));
}

/** The files that examples read, where they look for them. */
export async function makeFiles(folder: string): Promise<void> {
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#102030' } })
    .png()
    .toBuffer();
  const images = gzipSync(idx(8, [2, 28, 28], new Array<number>(2 * 784).fill(9)));
  const labels = gzipSync(idx(8, [2], [3, 7]));
  const mnist = Object.fromEntries(
    ['train', 't10k'].flatMap((part) => [
      [`data/mnist/${part}-images-idx3-ubyte.gz`, images],
      [`data/mnist/${part}-labels-idx1-ubyte.gz`, labels],
    ]),
  );
  const emnist = Object.fromEntries(
    ['train', 'test'].flatMap((part) => [
      [`data/emnist/emnist-letters-${part}-images-idx3-ubyte.gz`, images],
      [`data/emnist/emnist-letters-${part}-labels-idx1-ubyte.gz`, gzipSync(idx(8, [2], [1, 26]))],
    ]),
  );
  const cifar100 = Uint8Array.from([7, 63, ...cifarBinary(1).subarray(1)]);
  const odd = await readFile(new URL('../fixtures/odd-files.json', import.meta.url), 'utf8');
  const { hundred } = JSON.parse(odd) as { hundred: Record<string, string> };
  const signs = (left: number) => ({ category: 'pl50', bbox: { xmin: left, ymin: 2, xmax: left + 12, ymax: 14 } });
  const tsinghua = JSON.stringify({
    imgs: {
      1: { path: 'train/1.jpg', objects: [signs(2), signs(22)] },
      2: { path: 'test/2.jpg', objects: [signs(5)] },
    },
  });
  const models = await readFile(new URL('../fixtures/onnx-models.json', import.meta.url), 'utf8');
  const { cases } = JSON.parse(models) as { cases: Record<string, { model: string }> };
  const training = 'data/gtsrb/Final_Training/Images/00000';
  const files: Record<string, Uint8Array | string> = {
    ...mnist,
    ...emnist,
    't10k-images-idx3-ubyte.gz': images,
    't10k-labels-idx1-ubyte.gz': labels,
    'classifier.onnx': Buffer.from(cases.Softmax!.model, 'base64'),
    'data_batch_1.bin': cifarBinary(3),
    'data_batch_2.bin': cifarBinary(2),
    'cifar-10-batches-py/data_batch_1': cifarPickle(2),
    'data/cifar-10-batches-bin/data_batch_1.bin': cifarBinary(3),
    'data/cifar-10-batches-bin/test_batch.bin': cifarBinary(2),
    'cifar-100-binary/test.bin': cifar100,
    'cifar-100-python/train': inflateSync(Buffer.from(hundred.lists!, 'base64')),
    'data/cifar-100-binary/train.bin': cifar100,
    'data/cifar-100-binary/test.bin': cifar100,
    'train_32x32.mat': svhnFile(),
    'data/svhn/train_32x32.mat': svhnFile(),
    'data/svhn/test_32x32.mat': svhnFile({ compressed: true }),
    [`${training}/00000_00000.ppm`]: ppm(40),
    [`${training}/GT-00000.csv`]: `${HEAD}\n00000_00000.ppm;32;32;5;5;27;27;0\n`,
    'data/gtsrb/Final_Test/Images/00000.ppm': ppm(50),
    'data/gtsrb/Final_Test/Images/GT-final_test.csv': `${HEAD}\n00000.ppm;32;32;5;5;27;27;0\n`,
    'train-00.parquet': parquetFile(0),
    'train-01.parquet': parquetFile(1),
    'fresh.parquet': parquetFile(0),
    'photos/cats/one.png': png,
    'photos/dogs/one.png': png,
    'photos/dogs/half.png': png.subarray(0, 60),
    'data/tsinghua/annotations.json': tsinghua,
    'data/tsinghua/train/1.jpg': png,
    'data/tsinghua/test/2.jpg': png,
    'signs/stop/one.png': png,
    'signs/yield/one.png': png,
    'data/images.txt': '',
    'data/tiny_imagenet/images.txt': 'one.png\n',
    'data/tiny_imagenet/images/one.png': png,
    'cifar-10-binary.tar.gz': tarGz('cifar-10-batches-bin/readme.html', 'ten classes'),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(folder, dirname(name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}
