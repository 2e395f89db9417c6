import { seededRandom } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { digits } from './glyphs';
import { arc, inkOfStrokes, otherHand, type Point, type Strokes } from './strokes';
import { SIDE, toMnistPixels } from './to-mnist-pixels';

/** How somebody writes; where it is a pair, each digit takes a value between the two. */
export interface Hand {
  /** Width of the pen, of the side of the square that the digit is written in. */
  readonly pen: readonly [least: number, most: number];
  /** How far the top leans to the right, of the height. */
  readonly slant: readonly [least: number, most: number];
  /** The forms with serifs, flags, feet and hooks instead of the plain ones. */
  readonly serifs: boolean;
}

const line = (...points: Point[]): Point[] => points;

/** 0 to 5 as other schools and typefaces write them. Two forms a digit; nothing is trained on them. */
const serifDigits: readonly (readonly [Strokes, Strokes])[] = [
  [
    [[...arc(0.5, 0.5, 0.3, 0.45, -70, 300), [0.66, 0.02]]], // closed by a hook
    [[[0.4, 0], ...arc(0.5, 0.52, 0.34, 0.44, -110, 262)]],
  ],
  [
    [line([0.25, 0.3], [0.52, 0.05], [0.52, 0.95])], // a flag
    [line([0.36, 0.18], [0.52, 0.05], [0.52, 0.95]), line([0.3, 0.95], [0.74, 0.95])], // a flag and a foot
  ],
  [
    [[[0.2, 0.34], ...arc(0.5, 0.3, 0.3, 0.25, 190, 395), [0.2, 0.92], [0.8, 0.92], [0.82, 0.78]]],
    // The second has a loop at its foot.
    [[...arc(0.5, 0.28, 0.28, 0.24, 170, 400), [0.3, 0.86], ...arc(0.3, 0.84, 0.1, 0.08, 0, -300), [0.84, 0.9]]],
  ],
  [
    [line([0.2, 0.2], [0.2, 0.06], [0.76, 0.06], [0.46, 0.42]), arc(0.46, 0.67, 0.31, 0.27, 270, 500)], // a flat top
    [
      [...arc(0.46, 0.28, 0.28, 0.23, 190, 450), ...arc(0.46, 0.73, 0.31, 0.23, 275, 530)],
      line([0.12, 0.2], [0.24, 0.26]),
    ],
  ],
  [
    [line([0.66, 0.95], [0.66, 0.05], [0.16, 0.66], [0.86, 0.66])], // closed
    [line([0.66, 0.95], [0.66, 0.05], [0.16, 0.66], [0.86, 0.66]), line([0.5, 0.95], [0.82, 0.95])], // and a foot
  ],
  [
    [
      [[0.3, 0.06], [0.27, 0.45], ...arc(0.46, 0.67, 0.31, 0.27, 235, 500)],
      line([0.3, 0.06], [0.8, 0.06], [0.8, 0.16]),
    ],
    [[[0.78, 0.02], [0.74, 0.08], [0.34, 0.08], [0.27, 0.45], ...arc(0.46, 0.67, 0.31, 0.27, 235, 520), [0.2, 0.78]]],
  ],
];

/** Digits 0 to 5 in turn as this hand writes them, each a little otherwise, prepared as the page prepares a picture. */
export function drawHand(hand: Hand, count: number, seed: number): ImageSet {
  const random = seededRandom(seed, 4);
  const between = ([least, most]: readonly [number, number]) => least + (most - least) * random.uniform();
  const images = new Uint8Array(count * SIDE * SIDE);
  for (let i = 0; i < count; i++) {
    const form = hand.serifs ? serifDigits[i % 6]![random.integer(2)]! : digits[i % 6]!;
    const [pen, slant] = [between(hand.pen), between(hand.slant)];
    const leaning = form.map((stroke) => stroke.map(([x, y]): Point => [x + (0.5 - y) * slant, y]));
    images.set(toMnistPixels(inkOfStrokes(otherHand(leaning, random, 0.1), 4 * SIDE, pen))!, i * SIDE * SIDE);
  }
  return { images, shape: [count, SIDE, SIDE, 1] };
}

const [USUAL, UPRIGHT] = [[0.06, 0.1] as const, [-0.05, 0.15] as const];

/** The hands that the false-alarm rate is measured on. */
export const HANDS: Readonly<Record<string, Hand>> = {
  'plain forms, usual pen': { pen: USUAL, slant: UPRIGHT, serifs: false },
  'thin pen': { pen: [0.025, 0.04], slant: UPRIGHT, serifs: false },
  'thick pen': { pen: [0.14, 0.2], slant: UPRIGHT, serifs: false },
  'leaning to the left': { pen: USUAL, slant: [-0.5, -0.25], serifs: false },
  'leaning far to the right': { pen: USUAL, slant: [0.45, 0.8], serifs: false },
  'serifs, flags, feet, hooks': { pen: USUAL, slant: UPRIGHT, serifs: true },
  'any pen, slant and form': { pen: [0.025, 0.2], slant: [-0.5, 0.8], serifs: true },
};
