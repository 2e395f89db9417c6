import type { Random } from 'tfjs-ood';
import { arc, inkOfStrokes, otherHand, type Point, type Strokes } from './strokes';
import { rescaled, SIDE, toMnistPixels, type Ink } from './to-mnist-pixels';

const LARGE = 2 * SIDE;
const PIXELS = SIDE * SIDE;
const FEWEST = 0.25; // of the ink; a thin pen may not wipe a digit out

/** Turned by up to 12 degrees, leaning by up to half of the height, wider or narrower by a quarter; twice as large. */
function leaning(image: Uint8Array, random: Random): Ink {
  const off = (by: number) => (random.uniform() * 2 - 1) * by;
  const [angle, slant, wide, high] = [off(0.2), off(0.5), 1 + off(0.25), 1 + off(0.15)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const step = (SIDE / LARGE) * (1.4 + Math.abs(slant) / 2); // what leans far needs room
  const values = new Float32Array(LARGE * LARGE);
  for (let y = 0; y < LARGE; y++) {
    const dy = (y + 0.5 - LARGE / 2) * step;
    for (let x = 0; x < LARGE; x++) {
      const dx = (x + 0.5 - LARGE / 2) * step;
      const v = (cos * dy - sin * dx) / high;
      const [atX, atY] = [(cos * dx + sin * dy) / wide + slant * v + SIDE / 2 - 0.5, v + SIDE / 2 - 0.5];
      const [x0, y0] = [Math.floor(atX), Math.floor(atY)];
      if (x0 < 0 || y0 < 0 || x0 >= SIDE - 1 || y0 >= SIDE - 1) continue; // MNIST leaves the border black
      const [fx, fy, at] = [atX - x0, atY - y0, y0 * SIDE + x0];
      const above = image[at]! * (1 - fx) + image[at + 1]! * fx;
      const below = image[at + SIDE]! * (1 - fx) + image[at + SIDE + 1]! * fx;
      values[y * LARGE + x] = (above * (1 - fy) + below * fy) / 255;
    }
  }
  return { values, width: LARGE, height: LARGE };
}

/** The most or the least ink around each pixel: a pen that is wider by twice the radius, or thinner. */
export function withPen({ values, width, height }: Ink, radius: number, wider: boolean): Ink {
  const next = Float32Array.from(values);
  for (let i = 0; i < 8; i++) {
    const [dx, dy] = [Math.cos, Math.sin].map((part) => Math.round(radius * part((i * Math.PI) / 4))) as [
      number,
      number,
    ];
    for (let at = 2 * width + 2; at < (height - 2) * width - 2; at++) {
      const value = values[at + dy * width + dx]!;
      if (wider ? value > next[at]! : value < next[at]!) next[at] = value;
    }
  }
  let [left, had] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    left += next[at]!;
    had += values[at]!;
  }
  return left < FEWEST * had ? { values, width, height } : { values: next, width, height };
}

/**
 * A 28x28 image as a quite other hand might have it: it leans, its pen is thin or thick, and two of five come from a
 * picture of few pixels; then prepared as the page prepares a picture. Undefined where nothing is left.
 */
export function byAnotherHand(image: Uint8Array, random: Random): Uint8Array | undefined {
  let ink = leaning(image, random);
  const pen = random.integer(3);
  if (pen === 1) ink = withPen(ink, 1 + random.integer(2), true);
  if (pen === 2) ink = withPen(ink, 1, false);
  if (random.uniform() < 0.4) ink = rescaled(ink, 7 + random.integer(8)) ?? ink;
  return toMnistPixels(ink);
}

/** A 1 with a flag and perhaps a foot, a closed 4, a 3 with a flat top, a 0, 2 and 5 with hooks: every one its own. */
function otherForm(digit: number, random: Random): Strokes {
  const upTo = (most: number) => random.uniform() * most;
  const hook = upTo(0.14);
  const turn = upTo(50);
  const stem = 0.5 + upTo(0.1);
  const flag: Point = [stem - 0.05 - upTo(0.28), 0.12 + upTo(0.25)];
  const foot: Point[] = [[stem - 0.06 - upTo(0.25), 0.95], [stem + 0.06 + upTo(0.25), 0.95]]; // prettier-ignore
  switch (digit) {
    case 0:
      return [[...arc(0.5, 0.5, 0.22 + upTo(0.16), 0.45, -110 + turn, 240 + upTo(60)), [0.5 + hook, 0.02 + hook]]];
    case 1: {
      const stroke: Point[] = [flag, [stem, 0.05], [stem, 0.95]];
      return random.uniform() < 0.5 ? [stroke] : [random.uniform() < 0.5 ? stroke : stroke.slice(1), foot];
    }
    case 2:
      return [
        [[0.2 - upTo(0.05), 0.3 + hook], ...arc(0.5, 0.3, 0.3, 0.25, 190, 380 + turn / 2), [0.2, 0.93], [0.8, 0.93], [0.82, 0.93 - hook]],
      ]; // prettier-ignore
    case 3:
      return [
        [[0.18, 0.06 + hook], [0.2, 0.06], [0.78, 0.06], [0.44, 0.36 + upTo(0.1)]],
        arc(0.46, 0.67, 0.31, 0.27, 265, 490 + turn / 2),
      ]; // prettier-ignore
    case 4: {
      const corner: Point = [0.1 + upTo(0.15), 0.6 + upTo(0.12)];
      const right = 0.62 + upTo(0.1);
      const four: Point[] = [[right, 0.95], [right, 0.05], corner, [0.78 + upTo(0.14), corner[1]]]; // prettier-ignore
      const under: Point[] = [[right - 0.06 - upTo(0.12), 0.95], [right + 0.06 + upTo(0.12), 0.95]]; // prettier-ignore
      return random.uniform() < 0.6 ? [four] : [four, under];
    }
    default:
      return [
        [[0.32, 0.06], [0.27, 0.42 + upTo(0.08)], ...arc(0.46, 0.67, 0.31, 0.27, 235, 490 + turn / 2)],
        [[0.28 + upTo(0.06), 0.06], [0.74 + upTo(0.1), 0.06 - hook / 4], [0.78, 0.06 + hook]],
      ]; // prettier-ignore
  }
}

/** Digits 0 to 5 in turn, in forms that MNIST's writers hardly use, by pens of all widths. */
export function drawOtherForms(count: number, random: Random): Uint8Array {
  const images = new Uint8Array(count * PIXELS);
  for (let i = 0; i < count; i++) {
    const strokes = otherHand(otherForm(i % 6, random), random);
    images.set(toMnistPixels(inkOfStrokes(strokes, LARGE, 0.04 + 0.1 * random.uniform()))!, i * PIXELS);
  }
  return images;
}
