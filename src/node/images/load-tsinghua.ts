import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { COUNT, FUNCTION, INDEX, INTEGER, wholeFrom } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import type { ImageSet } from '../../core/images';
import { deriveSeed, seededRandom } from '../../core/random';
import { readOptions } from '../../core/read-options';
import { placesBeside, readTsinghua, type LabeledImages, type PictureBox, type Scene } from '../../datasets/index';
import { readWholeFile } from '../read-regular-file';
import { checkImageBytes } from './check-image-bytes';
import { cutDecoded } from './cut-picture';
import { decodeImage, loadSharp } from './decode-image';
import type { DatasetParts } from './load-datasets';

/** Options of {@link loadTsinghua}. */
export interface TsinghuaOptions {
  /** Signs and patches are made side x side; default 32. */
  side?: number;
  /** Classes with fewer signs in the training part are left out; default 100, as the authors of the set do. */
  leastSigns?: number;
  /** Signs whose shorter side has fewer pixels are left out; default 10. */
  leastSide?: number;
  /** Patches of the background of each photograph; default 4. 0: none. */
  patches?: number;
  /** What the places of patches are drawn by; default 1. */
  seed?: number;
  onProgress?: (done: number, total: number) => void;
}

/** Signs by class, and what lies beside them. */
export interface TsinghuaParts extends DatasetParts {
  /** Names of the classes, in the order of their labels: `i2`, `pl50`, ... */
  classNames: string[];
  /** Patches that touch no sign, of the same photographs. */
  background: { train: ImageSet; test: ImageSet };
  /** Signs left out: of rare classes, and too small. */
  left: { rare: number; small: number };
}

const where = 'loadTsinghua';

/** The smallest square around a box, moved into the picture where it leaves it: signs keep their proportions. */
function squareAround({ left, top, right, bottom }: PictureBox, { height, width }: { height: number; width: number }) {
  const side = Math.min(Math.max(right - left, bottom - top), height, width);
  const x = Math.min(Math.max((left + right - side) / 2, 0), width - side);
  const y = Math.min(Math.max((top + bottom - side) / 2, 0), height - side);
  return { left: x, top: y, right: x + side, bottom: y + side };
}

const longer = ({ left, top, right, bottom }: PictureBox) => Math.max(right - left, bottom - top);
const shorter = ({ left, top, right, bottom }: PictureBox) => Math.min(right - left, bottom - top);

/** Loads one part: signs whose class has a label, and patches as large as the signs of the set are. */
async function loadPart(
  home: string,
  scenes: readonly Scene[],
  labelOf: ReadonlyMap<string, number>,
  options: { side: number; leastSide: number; patches: number; seed: number; done: () => void },
): Promise<{ signs: LabeledImages; background: ImageSet }> {
  const { side, leastSide, patches, seed, done } = options;
  const sharp = await loadSharp(where);
  const sides = scenes
    .flatMap(({ signs }) => signs.map(({ box }) => Math.ceil(longer(box))))
    .filter((one) => one >= leastSide);
  const images: Uint8Array[] = [];
  const beside: Uint8Array[] = [];
  const labels: number[] = [];
  for (const [i, { path, signs }] of scenes.entries()) {
    const own = signs.filter(({ category, box }) => labelOf.has(category) && shorter(box) >= leastSide);
    const file = join(home, ...path.split('/'));
    if (own.length > 0 || patches > 0) {
      const scene = await decodeImage(where, sharp, file);
      const { height, width } = scene;
      const cut = (boxes: readonly PictureBox[]) => cutDecoded(where, scene, boxes, { size: [side, side] });
      for (const { box } of own) {
        if (box.left >= width || box.top >= height || box.right <= 0 || box.bottom <= 0) {
          throw new FormatError(
            where,
            file,
            `a picture that has the sign at ${box.left}, ${box.top}`,
            `${width} x ${height}`,
          );
        }
      }
      images.push(await cut(own.map(({ box }) => squareAround(box, scene))));
      labels.push(...own.map(({ category }) => labelOf.get(category)!));
      // As large as signs, so that sharpness does not tell them apart
      const random = seededRandom(seed, i);
      const places = Array.from({ length: sides.length === 0 ? 0 : patches }, (_, k) =>
        placesBeside(
          [height, width],
          signs.map(({ box }) => box),
          {
            side: sides[random.integer(sides.length)]!,
            count: 1,
            seed: deriveSeed(seed, i, k),
          },
        ),
      );
      beside.push(await cut(places.flat()));
    }
    done();
  }
  const joined = (parts: readonly Uint8Array[]): ImageSet => {
    const all = Buffer.concat(parts);
    return {
      images: new Uint8Array(all.buffer, all.byteOffset, all.length),
      shape: [all.length / (side * side * 3), side, side, 3],
    };
  };
  return { signs: { ...joined(images), labels: Int32Array.from(labels) }, background: joined(beside) };
}

/**
 * Loads Tsinghua-Tencent 100K from its official files, `annotations.json` with `train/` and `test/` beside it: its
 * signs, cut out as squares, and patches of the same photographs that touch no sign (the anomaly of the paper). The
 * photographs are read one by one.
 *
 * Source: Zhu et al., Traffic-Sign Detection and Classification in the Wild, CVPR 2016.
 *
 * @param folder with `annotations.json`
 * @returns images [N, side, side, 3]; labels are places in `classNames`, the classes with enough signs by name
 * @throws ArgumentError for a folder without the list, and where no class has enough signs; FormatError for a damaged
 *   list or photograph, or more than 4 GiB of pixels
 * @example
 * const { train, test, classNames, background } = await loadTsinghua('data/tsinghua', { leastSigns: 2, side: 16 });
 */
export async function loadTsinghua(folder: string, options: TsinghuaOptions = {}): Promise<TsinghuaParts> {
  const { side, leastSigns, leastSide, patches, seed, onProgress } = readOptions(where, options, {
    side: [wholeFrom(1, 512), 32],
    leastSigns: [COUNT, 100],
    leastSide: [COUNT, 10],
    patches: [INDEX, 4],
    seed: [INTEGER, 1],
    onProgress: [FUNCTION],
  });
  const list = join(folder, 'annotations.json');
  if (!(await stat(list).catch(() => undefined))) {
    throw new ArgumentError(where, 'folder', 'one with annotations.json', `${folder}, which has none`);
  }
  const scenes = readTsinghua((await readWholeFile(where, list)).toString('utf8'), { file: list });
  const partOf = (name: string) => scenes.filter(({ path }) => path.startsWith(`${name}/`));
  const parts = { train: partOf('train'), test: partOf('test') };
  const large = parts.train.flatMap(({ signs }) => signs.filter(({ box }) => shorter(box) >= leastSide));
  const counts = new Map<string, number>();
  for (const { category } of large) counts.set(category, (counts.get(category) ?? 0) + 1);
  const classNames = [...counts.keys()].filter((name) => counts.get(name)! >= leastSigns).sort();
  if (classNames.length === 0) {
    const most = Math.max(0, ...counts.values());
    throw new ArgumentError(where, 'leastSigns', `at most ${most}, the signs of the largest class`, leastSigns);
  }
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const total = parts.train.length + parts.test.length;
  checkImageBytes(
    where,
    list,
    [scenes.reduce((sum, { signs }) => sum + signs.length + patches, 0), side, side],
    'take a smaller side',
  );
  let read = 0;
  const done = () => onProgress?.(++read, total);
  const load = (name: 'train' | 'test', own: number) =>
    loadPart(folder, parts[name], labelOf, { side, leastSide, patches, seed: deriveSeed(seed, own), done });
  const train = await load('train', 1);
  const test = await load('test', 2);
  const all = [...parts.train, ...parts.test].flatMap(({ signs }) => signs);
  const small = all.filter(({ box }) => shorter(box) < leastSide).length;
  return {
    train: train.signs,
    test: test.signs,
    classNames,
    background: { train: train.background, test: test.background },
    left: { small, rare: all.length - small - train.signs.shape[0] - test.signs.shape[0] },
  };
}
