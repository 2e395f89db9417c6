import { seededRandom, type Random } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/training';
import { digits, letters, unseenShapes } from './glyphs';
import { arc, inkOfStrokes, otherHand, polygon, type Point, type Strokes } from './strokes';
import { SIDE, toMnistPixels } from './to-mnist-pixels';

const place = (random: Random): Point => [0.1 + 0.8 * random.uniform(), 0.1 + 0.8 * random.uniform()];

const KINDS: readonly ((random: Random) => Strokes)[] = [
  (random) => [polygon(3 + random.integer(4), 1, random.uniform() * 360)],
  (random) => [Array.from({ length: 4 + random.integer(5) }, () => place(random))], // zigzag
  (random) => Array.from({ length: 2 + random.integer(4) }, () => [place(random), place(random)]), // loose lines
  (random) => {
    const at = 0.3 + 0.4 * random.uniform(); // a cross or a grid
    const bars = Array.from({ length: 1 + random.integer(3) }, () => 0.1 + 0.8 * random.uniform());
    return [[[0.05, at], [0.95, at]], ...bars.map((x): Point[] => [[x, 0.05], [x, 0.95]])]; // prettier-ignore
  },
  (random) => {
    const [waves, high] = [1.5 + 2.5 * random.uniform(), 0.15 + 0.25 * random.uniform()];
    return [
      Array.from({ length: 40 }, (_, i): Point => [i / 39, 0.5 + high * Math.sin((i / 39) * waves * 2 * Math.PI)]),
    ];
  },
  (random) => Array.from({ length: 3 + random.integer(12) }, () => [place(random)]), // dots
  (random) =>
    Array.from({ length: 2 + random.integer(3) }, () => {
      const [x, y] = place(random);
      const from = random.uniform() * 360;
      const [rx, ry] = [0.1 + 0.3 * random.uniform(), 0.1 + 0.3 * random.uniform()];
      return arc(x, y, rx, ry, from, from + 120 + 240 * random.uniform());
    }), // loose bows
  (random) => {
    const [rx, ry] = [0.2 + 0.25 * random.uniform(), 0.25 + 0.2 * random.uniform()]; // a ring with loose lines
    const lines = Array.from({ length: 1 + random.integer(3) }, () => [place(random), place(random)]);
    return [arc(0.5, 0.5, rx, ry, 0, 360), ...lines];
  },
  (random) => {
    const side = 0.4 + 0.5 * random.uniform(); // filled, by lines close to each other
    return Array.from({ length: 24 }, (_, i): Point[] => [[0, (i / 23) * side], [1, (i / 23) * side]]); // prettier-ignore
  },
];

/** Strokes drawn by a random hand and pen, prepared as MNIST's digits are. */
function drawAll(count: number, random: Random, strokesOf: (i: number) => Strokes, turn?: number): ImageSet {
  const images = new Uint8Array(count * SIDE * SIDE);
  for (let i = 0; i < count; i++) {
    const strokes = otherHand(strokesOf(i), random, turn);
    const pixels = toMnistPixels(inkOfStrokes(strokes, 2 * SIDE, 0.06 + 0.07 * random.uniform()));
    if (pixels) images.set(pixels, i * SIDE * SIDE);
  }
  return { images, shape: [count, SIDE, SIDE, 1] };
}

/** Digits `from` to `to`, as many of each; row i shows `from + i % (to - from + 1)`. */
export const drawDigits = (count: number, from: number, to: number, seed: number): ImageSet =>
  drawAll(count, seededRandom(seed, 0, from), (i) => digits[from + (i % (to - from + 1))]!);

/**
 * What training sees as out of distribution: polygons, zigzags, loose lines, grids, waves, dots, bows, crossed rings,
 * filled areas.
 */
export function drawShapes(count: number, seed: number): ImageSet {
  const random = seededRandom(seed, 1);
  return drawAll(count, random, (i) => KINDS[i % KINDS.length]!(random), Math.PI);
}

/** Stars, spirals, houses, faces: no training sees them. */
export function drawUnseenShapes(count: number, seed: number): ImageSet {
  const kinds = Object.values(unseenShapes);
  return drawAll(count, seededRandom(seed, 2), (i) => kinds[i % kinds.length]!);
}

export const drawLetters = (count: number, seed: number): ImageSet =>
  drawAll(count, seededRandom(seed, 3), (i) => letters[i % letters.length]!);
