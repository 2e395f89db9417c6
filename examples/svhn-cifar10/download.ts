import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import cliProgress from 'cli-progress';
import { download, extractTarGz } from 'tfjs-ood/node';
import type { RealSet } from './data';

/** One file of a data set at its official address; the MD5 sums are those that the publishers or torchvision give. */
export interface RemoteFile {
  set: RealSet;
  url: string;
  /** Where it goes, below the data folder. */
  file: string;
  bytes: number;
  md5: string;
  /** An archive: what it leaves in the data folder. */
  unpacksTo?: string;
}

export const officialFiles: readonly RemoteFile[] = [
  {
    set: 'cifar10',
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    file: 'cifar-10-binary.tar.gz',
    bytes: 170_052_171,
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    unpacksTo: 'cifar-10-batches-bin',
  },
  {
    set: 'svhn',
    url: 'http://ufldl.stanford.edu/housenumbers/train_32x32.mat',
    file: 'svhn/train_32x32.mat',
    bytes: 182_040_794,
    md5: 'e26dedcc434d2e4c54c9b2d4a06d8373',
  },
  {
    set: 'svhn',
    url: 'http://ufldl.stanford.edu/housenumbers/test_32x32.mat',
    file: 'svhn/test_32x32.mat',
    bytes: 64_275_384,
    md5: 'eb5a983be6a315427106f1b164d9cef3',
  },
];

/** Fetches what is not there yet; a cut download goes on where it stopped when called again. */
export async function downloadAll(
  folder: string,
  files: readonly RemoteFile[],
  onProgress: (file: string, received: number, total: number | undefined) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const { url, file, bytes, md5, unpacksTo } of files) {
    const target = join(folder, file);
    if (await stat(join(folder, unpacksTo ?? file)).catch(() => undefined)) continue;
    await mkdir(join(target, '..'), { recursive: true });
    await download(url, target, {
      md5,
      bytes,
      onProgress: (received, total) => onProgress(file, received, total),
      ...(signal && { signal }),
    });
    if (unpacksTo !== undefined) {
      await extractTarGz(target, folder);
      await rm(target);
    }
  }
}

/** Fetches both sets into the folder, with a bar for each file. */
export async function downloadWithBar(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  let bar: cliProgress.SingleBar | undefined;
  let current: string | undefined;
  try {
    await downloadAll(folder, officialFiles, (file, received, total) => {
      if (file !== current) {
        bar?.stop();
        bar = new cliProgress.SingleBar({
          format: `${file} {bar} {percentage}% | {value}/{total} bytes | {eta_formatted}`,
        });
        bar.start(total ?? 0, received);
        current = file;
      }
      bar?.update(received);
    });
  } finally {
    bar?.stop(); // a bar that goes on keeps the process from ending
  }
}
