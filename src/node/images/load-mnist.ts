import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readMnist, type LabeledImages } from '../../datasets/index';
import { COUNT, TEXT } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { nodeInflate } from './node-inflate';
import type { DatasetParts } from './load-datasets';
import { readWholeFile } from '../read-regular-file';

/** Options of {@link loadMnist}. */
export interface MnistOptions {
  /** Which set, where a folder has several: `'letters'` of EMNIST's `emnist-letters-train-images-idx3-ubyte`. */
  split?: string;
  /** Labels are below it. Default 10, and for EMNIST's `balanced` and `bymerge` 47, `byclass` 62. */
  classes?: number;
}

const where = 'loadMnist';
const PLACES = ['', 'mnist', 'MNIST/raw', 'emnist', 'EMNIST/raw', 'gzip'];
/** As MNIST, Kaggle (a dot before idx) and EMNIST (the set before it, test for t10k) name the files. */
const NAME = /^(?:(.+)-)?(train|t10k|test)-(images|labels)[-.]idx([13])-ubyte(\.gz)?$/;
/** EMNIST's; the labels of its letters begin at 1, which is the user's to know. */
const CLASSES: Readonly<Record<string, number>> = {
  'emnist-balanced': 47,
  'emnist-bymerge': 47,
  'emnist-byclass': 62,
};

type Part = 'train-images' | 'train-labels' | 'test-images' | 'test-labels';
const PARTS: readonly Part[] = ['train-images', 'train-labels', 'test-images', 'test-labels'];
/** The files of a set by what they are; where there are several, the first of these. */
type Files = Partial<Record<Part, { path: string; rank: number }>>;

/** The sets in a folder, by what stands before their names. */
async function setsIn(home: string): Promise<Map<string, Files>> {
  const sets = new Map<string, Files>();
  for (const entry of await readdir(home, { withFileTypes: true }).catch(() => [])) {
    const match = NAME.exec(entry.name);
    if (!match || (match[3] === 'images') !== (match[4] === '3')) continue;
    const [, set = '', use, kind, , gzip] = match;
    const part = `${use === 'train' ? 'train' : 'test'}-${kind as 'images' | 'labels'}` as const;
    // Kaggle's archive unpacks each file into a folder of its own name as well.
    const own = join(home, entry.name);
    const inner = join(own, entry.name);
    const isFolder = entry.isDirectory();
    const path = isFolder && (await stat(inner).catch(() => undefined)) ? inner : own;
    const rank = (isFolder ? 4 : 0) + (gzip ? 2 : 0) + (entry.name.includes('.idx') ? 1 : 0);
    const files = sets.get(set) ?? {};
    if (rank < (files[part]?.rank ?? Infinity)) files[part] = { path, rank };
    sets.set(set, files);
  }
  for (const [set, files] of sets) if (!PARTS.every((part) => files[part])) sets.delete(set);
  return sets;
}

/** What comes after the last dash: EMNIST's split, of which the name is `emnist-letters`. */
const splitOf = (set: string): string => set.split('-').at(-1)!;

/**
 * Loads MNIST, or another set in its four files, gzip or not.
 *
 * The files may be named as the official ones (`train-images-idx3-ubyte`), as Kaggle's (`train-images.idx3-ubyte`) or
 * as EMNIST's (`emnist-digits-train-images-idx3-ubyte`, `...-test-...`); where there are several sets, `split` says
 * which. EMNIST's images lie on their side, as they are distributed: nothing is turned here.
 *
 * @param folder with the four files, or the one whose `mnist`, `MNIST/raw`, `emnist`, `EMNIST/raw` or `gzip` has them
 * @throws ArgumentError that says what was looked for, or which sets there are; FormatError for a damaged file, a label
 *   that is not below `classes` (EMNIST's letters begin at 1), or a pipe or device in the place of a file
 * @example
 * const { train, test } = await loadMnist('data');
 * const letters = await loadMnist('data', { split: 'letters', classes: 27 });
 */
export async function loadMnist(folder: string, options: MnistOptions = {}): Promise<DatasetParts> {
  const { split, classes } = readOptions(where, options, { split: [TEXT], classes: [COUNT] });
  for (const place of PLACES) {
    const sets = await setsIn(join(folder, place));
    const names = [...sets.keys()].sort();
    const fitting = split === undefined ? names : names.filter((set) => set === split || splitOf(set) === split);
    // The plain names are those of one set; the others need to be told apart.
    const set = split === undefined && sets.has('') ? '' : fitting[0];
    if (set === undefined) continue;
    if (set !== '' && fitting.length > 1) {
      throw new ArgumentError(where, 'split', `one of ${names.map(splitOf).join(', ')}`, split);
    }
    const files = sets.get(set)! as Required<Files>;
    const count = classes ?? CLASSES[set];
    const load = async (use: 'train' | 'test'): Promise<LabeledImages> => {
      const { path } = files[`${use}-images`];
      const [images, labels] = await Promise.all(
        [path, files[`${use}-labels`].path].map((file) => readWholeFile(where, file)),
      );
      const options = { file: path, inflate: nodeInflate, ...(count !== undefined && { classes: count }) };
      return readMnist(images!, labels!, options);
    };
    return { train: await load('train'), test: await load('test') };
  }
  const wanted = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
  const before = split === undefined ? '' : `emnist-${split}-`;
  const names = wanted.map((file) => `${before}${before ? file.replace('t10k', 'test') : file}-ubyte(.gz)`);
  const expected = `one with ${names.join(', ')}, itself or in ${PLACES.slice(1).join(' or ')}`;
  throw new ArgumentError(where, 'folder', expected, folder);
}
