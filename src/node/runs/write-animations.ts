import { join } from 'node:path';
import { ArgumentError, ShapeError } from '../../core/errors';
import { check, FUNCTION, LIST, OBJECT, TEXT, wholeFrom } from '../../core/check';
import { readOptions, type Declared } from '../../core/read-options';
import type { Animation, EmbeddingRows } from '../../report/index';
import { loadSharp } from '../images/decode-image';
import { embeddingGif } from './embedding-gif';
import { makeFolder } from '../make-folder';
import { asStorageError } from '../storage-error';
import { writeFileAtomic } from '../write-file-atomic';

/** Options of {@link writeAnimations}. */
export interface WriteAnimationsOptions {
  /** Of a picture in pixels, 400 by default; it is somewhat higher. */
  width?: number;
}

const WHERE = 'writeAnimations';
const OPTIONS = { width: [wholeFrom(100, 2000), 400] } as const satisfies Declared<WriteAnimationsOptions>;

function isOf({ data, shape }: EmbeddingRows, count: number | undefined, size: number | undefined): boolean {
  if (!(data instanceof Float32Array) || !Array.isArray(shape) || !count || !size) return false;
  return shape[0] === count && shape[1] === size && data.length === count * size;
}

function checkAnimation({ name, known, epochs, caption }: Animation): void {
  check(WHERE, 'animation.name', name, TEXT);
  check(WHERE, 'animation.known', known, TEXT);
  check(WHERE, 'animation.epochs', epochs, LIST);
  if (caption !== undefined) check(WHERE, 'animation.caption', caption, FUNCTION);
  if (epochs.length === 0) throw new ArgumentError(WHERE, 'animation.epochs', 'one epoch or more', 'none');
  epochs.forEach((one, i) => {
    check(WHERE, `animation.epochs[${i}]`, one, OBJECT);
    check(WHERE, `animation.epochs[${i}].embeddings`, one.embeddings, OBJECT);
  });
  const first = epochs[0]!.embeddings;
  const sets = Object.keys(first);
  if (!sets.includes(known) || sets.length < 2) {
    throw new ArgumentError(WHERE, 'animation.epochs[0].embeddings', `${known} and another set`, sets);
  }
  const size = first[known]?.shape?.[1];
  epochs.forEach(({ embeddings }, i) => {
    for (const set of sets) {
      const what = `animation.epochs[${i}].embeddings.${set}`;
      const rows = embeddings[set];
      check(WHERE, what, rows, OBJECT);
      const count = first[set]!.shape?.[0];
      if (!isOf(rows!, count, size)) {
        const expected = `{ data, shape }, a Float32Array of [${count || 'N'}, ${size || 'D'}]`;
        throw new ShapeError(WHERE, what, expected, `${rows!.data?.length} for [${rows!.shape?.join(', ')}]`);
      }
      const bad = rows!.data.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) throw new ArgumentError(WHERE, what, 'finite numbers', `${rows!.data[bad]} at index ${bad}`);
    }
  });
}

/** What can stand in the name of a file on any system. */
const fileName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '') || 'set';

/**
 * Writes how an embedding learned as animations: for each set besides the known one `<name>-<set>.gif`, the known
 * images in blue and the set's in yellow, a picture an epoch, all of them in the axes of the last epoch. An embedding
 * of other than two dimensions is shown along its first two principal components, and the picture says so. Points that
 * lie outside are drawn at the edge. Needs the optional package sharp.
 *
 * @param folder made if it is not there
 * @param animation `name`, `known`, `epochs` as those of a report's history (embeddings [N, D] by the names of the
 *   sets), `caption(set, epoch)`
 * @param options `width`
 * @returns the files written, in the order of the sets
 * @throws ArgumentError, ShapeError naming the epoch and the set whose embeddings are none, or two sets of one file
 *   name; StorageError where a file cannot be written; Error where sharp is not installed
 * @example
 * const at = (x: number) => ({ data: Float32Array.of(x, 0, 0, x), shape: [2, 2] as const });
 * const [file] = await writeAnimations('runs/mine/animations', {
 *   name: 'ODM',
 *   known: 'digits',
 *   epochs: [
 *     { epoch: 0, embeddings: { digits: at(1), noise: at(1.2) } },
 *     { epoch: 1, embeddings: { digits: at(1), noise: at(3) } },
 *   ],
 * }); // 'runs/mine/animations/odm-noise.gif'
 */
export async function writeAnimations(
  folder: string,
  animation: Animation,
  options: WriteAnimationsOptions = {},
): Promise<string[]> {
  const { width } = readOptions(WHERE, options, OPTIONS);
  check(WHERE, 'animation', animation, OBJECT);
  checkAnimation(animation);
  const sharp = await loadSharp(WHERE);
  // What draws is large: loaded by those alone who draw.
  const { animationFrames } = await import('../../report/charts/animation-frames');
  const sets = animationFrames(animation, width).map(({ set, frames }) => {
    return { frames, file: join(folder, `${fileName(animation.name)}-${fileName(set)}.gif`) };
  });
  const files = sets.map(({ file }) => file);
  const twice = files.find((file, i) => files.indexOf(file) !== i);
  if (twice !== undefined) throw new ArgumentError(WHERE, 'animation.epochs', 'sets of different file names', twice);
  try {
    await makeFolder(folder);
  } catch (error) {
    throw asStorageError(WHERE, folder, error);
  }
  for (const { file, frames } of sets) await writeFileAtomic(file, await embeddingGif(sharp, frames));
  return files;
}
