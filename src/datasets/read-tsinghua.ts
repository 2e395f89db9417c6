import { check, TEXT } from '../core/check';
import { FormatError } from '../core/errors';
import { readOptions } from '../core/read-options';
import { isRecord } from '../core/saved/json';
import type { PictureBox } from './places-beside';
import type { ReadOptions } from './reader-options';

/** A photograph of a street, and the signs in it. */
export interface Scene {
  /** Of the photograph, below the folder of the set, with `/` between: `train/62627.jpg`. */
  path: string;
  signs: { category: string; box: PictureBox }[];
}

const isBelow = (path: unknown): path is string =>
  typeof path === 'string' && /^[\w-]+(\/[\w.-]+)+$/.test(path) && !path.split('/').includes('..');

/** The edges of a box of the file, or undefined where it is none. */
function boxOf(value: unknown): PictureBox | undefined {
  if (!isRecord(value)) return undefined;
  const { xmin: left, ymin: top, xmax: right, ymax: bottom } = value;
  const edges = [left, top, right, bottom] as number[];
  if (!edges.every((edge) => Number.isFinite(edge) && Math.abs(edge) < 1e6)) return undefined;
  const box = { left, top, right, bottom } as PictureBox;
  return box.left < box.right && box.top < box.bottom ? box : undefined;
}

/**
 * Reads `annotations.json` of Tsinghua-Tencent 100K: which photograph has which traffic signs, and where.
 *
 * Source: Zhu et al., Traffic-Sign Detection and Classification in the Wild, CVPR 2016.
 *
 * @param text the file
 * @returns the photographs in the order of the file; those without a sign too
 * @throws FormatError that names the photograph, for what is no JSON, a path that leaves the folder, and a box without
 *   area
 * @example
 * const box = { xmin: 3, ymin: 4, xmax: 9, ymax: 12 };
 * const image = { id: 7, path: 'train/7.jpg', objects: [{ category: 'pl50', bbox: box }] };
 * const [scene] = readTsinghua(JSON.stringify({ types: ['pl50'], imgs: { 7: image } }));
 * scene?.path; // 'train/7.jpg'
 */
export function readTsinghua(text: string, options: ReadOptions = {}): Scene[] {
  const where = 'readTsinghua';
  const { file } = readOptions(where, options, { file: [TEXT, 'text'] });
  check(where, 'text', text, TEXT);
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new FormatError(where, what === '' ? file : `${file}: ${what}`, expected, received);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse('', 'JSON', (error as Error).message);
  }
  const images = isRecord(json) ? json.imgs : undefined;
  if (!isRecord(images)) return refuse('imgs', 'the photographs by their numbers', images);
  return Object.entries(images).map(([id, image]): Scene => {
    if (!isRecord(image)) return refuse(`imgs.${id}`, 'an object', image);
    const { path, objects } = image;
    if (!isBelow(path)) return refuse(`imgs.${id}.path`, 'a path below the folder, as train/62627.jpg', path);
    if (!Array.isArray(objects)) return refuse(`imgs.${id}.objects`, 'a list', objects);
    const signs = objects.map((object: unknown, i) => {
      const { category, bbox } = isRecord(object) ? object : {};
      const at = `imgs.${id}.objects.${i}`;
      if (typeof category !== 'string' || category === '') return refuse(`${at}.category`, 'a name', category);
      const box = boxOf(bbox);
      return box ? { category, box } : refuse(`${at}.bbox`, 'xmin < xmax and ymin < ymax, numbers', bbox);
    });
    return { path, signs };
  });
}
