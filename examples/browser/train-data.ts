import { OOD_LABEL, seededRandom, type Random } from 'tfjs-ood';
import type { ImageSet, LabeledImages } from 'tfjs-ood/datasets';
import { drawShapes } from './drawn-images';
import { byAnotherHand, drawOtherForms } from './other-hands';
import { SIDE } from './to-mnist-pixels';

const PIXELS = SIDE * SIDE;
const [DIGITS, FORMS, SEEN_DIGITS, SHAPES] = [8000, 3000, 3000, 4500]; // of the second set

/** The digits that the page knows, those that training sees as unknown, and those that it never sees. */
export const KNOWN = [0, 1, 2, 3, 4, 5] as const;
export const SEEN = [6, 7] as const;
export const UNSEEN = [8, 9] as const;

/** The rows whose label is one of these, in their order, from the `from`-th to before the `to`-th of them. */
export function digitsOf(set: LabeledImages, wanted: readonly number[], from = 0, to = Infinity): LabeledImages {
  const rows = [...set.labels.keys()].filter((row) => wanted.includes(set.labels[row]!)).slice(from, to);
  const images = new Uint8Array(rows.length * PIXELS);
  rows.forEach((row, i) => images.set(set.images.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS));
  return { images, labels: Int32Array.from(rows, (row) => set.labels[row]!), shape: [rows.length, SIDE, SIDE, 1] };
}

/**
 * The image as another hand and pen might have it: turned by up to 14 degrees, scaled by up to 12 %, moved by up to 1.5
 * pixels, and a third each with a thicker, thinner and the same pen. Fingers and mice draw otherwise than the writers
 * of MNIST.
 */
function variantOf(from: Uint8Array, into: Uint8Array, random: Random): void {
  const off = (by: number) => (random.uniform() * 2 - 1) * by;
  const [angle, slant, moveX, moveY] = [off(0.25), off(0.15), off(1.5), off(1.5)];
  const [scaleX, scaleY] = [1 + off(0.12), 1 + off(0.12)];
  const pen = random.integer(3);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0 : from[y * SIDE + x]!);
  const between = (x: number, y: number): number => {
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    const [fx, fy] = [x - x0, y - y0];
    const above = at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx;
    const below = at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx;
    return above * (1 - fy) + below * fy;
  };
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [dx, dy] = [(x - 13.5 - moveX) / scaleX, (y - 13.5 - moveY) / scaleY];
      const [sx, sy] = [13.5 + cos * dx + sin * dy + slant * dy, 13.5 - sin * dx + cos * dy];
      const cross = [between(sx, sy), between(sx + 0.6, sy), between(sx, sy + 0.6), between(sx - 0.6, sy)];
      into[y * SIDE + x] = pen === 0 ? cross[0]! : pen === 1 ? Math.max(...cross) : Math.min(...cross);
    }
  }
}

/** The training set: known digits, the seen ones of the others and drawn shapes, each with a variant of it. */
export function trainingSet(known: LabeledImages, seen: ImageSet, seed: number): LabeledImages {
  const random = seededRandom(seed, 20);
  const shapes = drawShapes(2 * seen.shape[0], seed);
  const parts = [known, seen, shapes];
  const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  const images = new Uint8Array(2 * rows * PIXELS);
  const labels = new Int32Array(2 * rows).fill(OOD_LABEL);
  let row = 0;
  for (const part of parts) {
    for (let i = 0; i < part.shape[0]; i++, row += 2) {
      const image = part.images.subarray(i * PIXELS, (i + 1) * PIXELS);
      images.set(image, row * PIXELS);
      variantOf(image, images.subarray((row + 1) * PIXELS, (row + 2) * PIXELS), random);
      if (part === known) labels.fill(known.labels[i]!, row, row + 2);
    }
  }
  return { images, labels, shape: [2 * rows, SIDE, SIDE, 1] };
}

/**
 * The second training set: 8,000 known digits, drawn forms of them that MNIST hardly has, the seen ones of the
 * others and drawn shapes, each as it is and by quite another hand.
 */
export function manyHands(known: LabeledImages, seen: ImageSet, seed: number): LabeledImages {
  const random = seededRandom(seed, 21);
  const shapes = drawShapes(SHAPES, seed + 3);
  const parts = [
    { images: known.images, count: Math.min(DIGITS, known.shape[0]), labelOf: (i: number) => known.labels[i]! },
    { images: drawOtherForms(FORMS, random), count: FORMS, labelOf: (i: number) => i % KNOWN.length },
    { images: seen.images, count: Math.min(SEEN_DIGITS, seen.shape[0]), labelOf: () => OOD_LABEL },
    { images: shapes.images, count: shapes.shape[0], labelOf: () => OOD_LABEL },
  ];
  const rows = 2 * parts.reduce((sum, { count }) => sum + count, 0);
  const images = new Uint8Array(rows * PIXELS);
  const labels = new Int32Array(rows);
  let row = 0;
  for (const { images: own, count, labelOf } of parts) {
    for (let i = 0; i < count; i++, row += 2) {
      const image = own.subarray(i * PIXELS, (i + 1) * PIXELS);
      images.set(image, row * PIXELS);
      images.set(byAnotherHand(image, random) ?? image, (row + 1) * PIXELS);
      labels.fill(labelOf(i), row, row + 2);
    }
  }
  return { images, labels, shape: [rows, SIDE, SIDE, 1] };
}
