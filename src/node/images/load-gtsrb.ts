import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPpm, type LabeledImages } from '../../datasets/index';
import { wholeFrom } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { checkImageBytes } from './check-image-bytes';
import { loadSharp } from './decode-image';
import type { DatasetParts } from './load-datasets';
import { readRegularFile } from '../read-regular-file';
import { textLines } from './text-lines';

/** The training part of GTSRB knows which photographs show the same sign. */
export interface GtsrbParts extends DatasetParts {
  /** For each training image the number of its sign: up to 30 photographs, seconds apart, are of one. */
  tracks: Int32Array;
}

interface Entry {
  path: string;
  label: number;
}

const where = 'loadGtsrb';
const CLASSES = 43;

/** A file that must be there, as the others of the data set are. */
async function bytesOf(file: string, expected: string): Promise<Buffer> {
  return readRegularFile(file).catch((error: Error) => {
    throw new FormatError(where, file, expected, error.message);
  });
}

const checkBytes = (list: string, count: number, side: number) =>
  checkImageBytes(where, list, [count, side, side], 'take a smaller side');

/** The images that a list names; at most as many as there may be of this side. */
async function entriesOf(folder: string, list: string, side: number): Promise<Entry[]> {
  const file = join(folder, list);
  const [head, ...lines] = textLines(await bytesOf(file, 'the list of the images beside it'));
  const columns = head!.split(';');
  const [name, label] = [columns.indexOf('Filename'), columns.indexOf('ClassId')];
  if (name < 0 || label < 0) {
    throw new FormatError(where, file, 'columns Filename and ClassId', head!, 0);
  }
  const rows = lines.filter((line) => line !== '');
  checkBytes(file, rows.length, side); // before each becomes an object
  return rows.map((line, i) => {
    const fields = line.split(';');
    const own = Number(fields[label]);
    const isClass = /^\d+$/.test(fields[label] ?? '') && own < CLASSES; // Number would take -0, 0x7 and 7e0 too
    // A list must not lead out of its folder.
    if (!isClass || !/^[\w-]+\.ppm$/i.test(fields[name] ?? '')) {
      const expected = `a file name and a class from 0 to ${CLASSES - 1} in line ${i + 2}`;
      throw new FormatError(where, file, expected, line.slice(0, 80));
    }
    return { path: join(folder, fields[name]!), label: own };
  });
}

async function readAll(entries: readonly Entry[], side: number): Promise<LabeledImages> {
  const each = side * side * 3;
  const images = new Uint8Array(entries.length * each);
  let sharp: Awaited<ReturnType<typeof loadSharp>> | undefined;
  for (const [i, { path }] of entries.entries()) {
    const { data, height, width } = readPpm(await bytesOf(path, 'an image that its list names'), { file: path });
    if (height === side && width === side) images.set(data, i * each);
    else {
      sharp ??= await loadSharp(where);
      const resized = sharp(data, { raw: { width, height, channels: 3 } });
      images.set(await resized.resize(side, side, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer(), i * each);
    }
  }
  return { images, shape: [entries.length, side, side, 3], labels: Int32Array.from(entries, ({ label }) => label) };
}

/**
 * Loads the German Traffic Sign Recognition Benchmark from its official files:
 * `Final_Training/Images/<class>/GT-<class>.csv` with the images beside it, and `Final_Test/Images` with the list that
 * has the classes (`GT-final_test.csv`).
 *
 * Source: Stallkamp, Schlipsing, Salmen, Igel, Neural Networks 32 (2012).
 *
 * @param folder the folder `gtsrb` (or `GTSRB`), or the one it is in
 * @param options `side`: images are made side x side, 32 by default; images of another size need the optional package
 *   sharp
 * @returns images [N, side, side, 3], labels 0 to 42, and which training images show the same sign
 * @throws ArgumentError that says what was looked for; FormatError for a damaged list, a damaged or missing image, or
 *   more than 4 GiB of pixels in a part
 * @example
 * const { train, test, tracks } = await loadGtsrb('data');
 */
export async function loadGtsrb(folder: string, options: { side?: number } = {}): Promise<GtsrbParts> {
  const { side } = readOptions(where, options, { side: [wholeFrom(1, 512), 32] });
  const list = async (path: string) => (await readdir(path).catch((): string[] => [])).sort();
  for (const home of [folder, join(folder, 'gtsrb'), join(folder, 'GTSRB')]) {
    const training = join(home, 'Final_Training', 'Images');
    const classes = (await list(training)).filter((name) => /^\d{5}$/.test(name));
    const [testList] = (await list(join(home, 'Final_Test', 'Images'))).filter((name) =>
      /^GT-final_test.*\.csv$/.test(name),
    );
    if (classes.length === 0 || !testList) continue;
    const lists: Entry[][] = [];
    for (const name of classes) lists.push(await entriesOf(join(training, name), `GT-${name}.csv`, side));
    const entries = lists.flat();
    const test = await entriesOf(join(home, 'Final_Test', 'Images'), testList, side);
    checkBytes(training, entries.length, side);
    const seen = new Map<string, number>();
    const tracks = Int32Array.from(entries, ({ path }) => {
      const track = path.replace(/_\d+\.ppm$/i, '');
      if (!seen.has(track)) seen.set(track, seen.size);
      return seen.get(track)!;
    });
    return { train: await readAll(entries, side), test: await readAll(test, side), tracks };
  }
  const expected = 'one with gtsrb/{Final_Training/Images/00000,Final_Test/Images/GT-final_test.csv}';
  throw new ArgumentError(where, 'folder', expected, `${folder}, which has not`);
}
