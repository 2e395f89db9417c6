import { seededRandom, type Random } from 'tfjs-ood';
import type { ImageSet, LabeledImages } from 'tfjs-ood/datasets';
import { squareToSegment, type Point, type Strokes } from '../browser/strokes';

/**
 * Images drawn from a seed, so that the experiment runs with no data and no network: digits on colored ground (the
 * known classes), textured shapes (seen OoD), letters (unseen, related to digits) and noise.
 */
const SIZE = 32;

const arc = (cx: number, cy: number, rx: number, ry: number, from: number, to: number): Point[] =>
  Array.from({ length: 13 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 12) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)] as const;
  });

// In a box of width and height 1, y downwards; angles clockwise from the right.
const DIGITS: readonly Strokes[] = [
  [arc(0.5, 0.5, 0.32, 0.48, 0, 360)],
  [
    [
      [0.3, 0.2],
      [0.55, 0.02],
      [0.55, 0.98],
    ],
  ],
  [[...arc(0.5, 0.28, 0.32, 0.26, 190, 390), [0.18, 0.97], [0.85, 0.97]]],
  [arc(0.47, 0.26, 0.3, 0.24, 200, 450), arc(0.47, 0.73, 0.34, 0.25, 270, 520)],
  [
    [
      [0.65, 0.98],
      [0.65, 0.02],
      [0.12, 0.68],
      [0.88, 0.68],
    ],
  ],
  [[[0.8, 0.03], [0.26, 0.03], [0.22, 0.45], ...arc(0.47, 0.68, 0.34, 0.29, 240, 500)]],
  [[[0.68, 0.03], ...arc(0.48, 0.68, 0.32, 0.3, 200, 560)]],
  [
    [
      [0.14, 0.03],
      [0.85, 0.03],
      [0.4, 0.98],
    ],
  ],
  [arc(0.5, 0.26, 0.27, 0.24, 0, 360), arc(0.5, 0.73, 0.33, 0.25, 0, 360)],
  [[...arc(0.5, 0.31, 0.3, 0.28, 0, 360), [0.72, 0.98]]],
];

const LETTERS: readonly Strokes[] = [
  [
    [
      [0.1, 0.98],
      [0.5, 0.02],
      [0.9, 0.98],
    ],
    [
      [0.28, 0.62],
      [0.72, 0.62],
    ],
  ],
  [
    [
      [0.15, 0.02],
      [0.85, 0.98],
    ],
    [
      [0.85, 0.02],
      [0.15, 0.98],
    ],
  ],
  [
    [
      [0.15, 0.98],
      [0.15, 0.02],
      [0.5, 0.55],
      [0.85, 0.02],
      [0.85, 0.98],
    ],
  ],
  [
    [
      [0.85, 0.03],
      [0.2, 0.03],
      [0.2, 0.97],
      [0.85, 0.97],
    ],
    [
      [0.2, 0.5],
      [0.7, 0.5],
    ],
  ],
  [
    [
      [0.2, 0.02],
      [0.2, 0.98],
    ],
    [
      [0.8, 0.02],
      [0.8, 0.98],
    ],
    [
      [0.2, 0.5],
      [0.8, 0.5],
    ],
  ],
];

/** Squares of the distances to a segment, where they are smaller; beyond `reach` is no ink, and nothing changes. */
function bringNear(squares: Float64Array, a: Point, b: Point, reach: number): void {
  const from = (k: 0 | 1) => Math.max(0, Math.floor(Math.min(a[k], b[k]) - reach));
  const to = (k: 0 | 1) => Math.min(SIZE - 1, Math.ceil(Math.max(a[k], b[k]) + reach));
  const [left, right, top, bottom] = [from(0), to(0), from(1), to(1)];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const square = squareToSegment(x, y, a, b);
      if (square < squares[y * SIZE + x]!) squares[y * SIZE + x] = square;
    }
  }
}

/** How much of a pixel is ink, 0 to 1: the distance to the nearest stroke, blurred over one pixel. */
function strokesCoverage(strokes: Strokes, random: Random): (x: number, y: number) => number {
  const height = 17 + 8 * random.uniform();
  const width = height * (0.55 + 0.25 * random.uniform());
  const angle = (random.uniform() - 0.5) * 0.5;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const center: Point = [SIZE / 2 + (random.uniform() - 0.5) * 5, SIZE / 2 + (random.uniform() - 0.5) * 5];
  const halfWidth = 1 + 0.9 * random.uniform();
  const placed = strokes.map((stroke) =>
    stroke.map(([u, v]): Point => {
      const [x, y] = [(u - 0.5) * width, (v - 0.5) * height];
      return [center[0] + cos * x - sin * y, center[1] + sin * x + cos * y];
    }),
  );
  const nearest = new Float64Array(SIZE * SIZE).fill(Infinity);
  for (const stroke of placed) {
    for (let i = 1; i < stroke.length; i++) bringNear(nearest, stroke[i - 1]!, stroke[i]!, halfWidth + 0.5);
  }
  return (x, y) => Math.min(1, Math.max(0, halfWidth - Math.sqrt(nearest[y * SIZE + x]!) + 0.5));
}

/** A filled polygon or disc under stripes, checks or dots. */
function shapeCoverage(random: Random): (x: number, y: number) => number {
  const corners = [0, 3, 4, 5][random.integer(4)]!; // 0: a disc
  const radius = 8 + 5 * random.uniform();
  const turn = random.uniform() * 2 * Math.PI;
  const center: Point = [SIZE / 2 + (random.uniform() - 0.5) * 6, SIZE / 2 + (random.uniform() - 0.5) * 6];
  const period = 2.5 + 3 * random.uniform();
  const kind = random.integer(3);
  const sector = (2 * Math.PI) / (corners || 1);
  const [cos, sin, inner] = [Math.cos(turn), Math.sin(turn), radius * Math.cos(sector / 2)];
  const [centerX, centerY] = center;
  return (x, y) => {
    const dx = x - centerX;
    const dy = y - centerY;
    const distance = Math.hypot(dx, dy);
    if (distance > radius) return 0; // no corner lies farther
    if (corners > 0) {
      const direction = Math.atan2(dy, dx);
      const angle = ((direction - turn) % sector) + (direction < turn ? sector : 0);
      if (distance > inner / Math.cos(angle - sector / 2)) return 0;
    }
    const a = Math.sin(((dx * cos + dy * sin) * Math.PI) / period);
    const b = Math.sin(((dy * cos - dx * sin) * Math.PI) / period);
    const texture = kind === 0 ? a : kind === 1 ? a * b : Math.hypot(a, b) - 0.7;
    return texture > 0 ? 1 : 0.25;
  };
}

function paint(image: Uint8Array, random: Random, coverage: (x: number, y: number) => number): void {
  const ground = [random.uniform(), random.uniform(), random.uniform()];
  // Ink far from the ground in brightness, as paint on a house number is.
  const bright = ground[0]! + ground[1]! + ground[2]! < 1.5;
  const ink = ground.map((g) => (bright ? g + (1 - g) * (0.6 + 0.4 * random.uniform()) : g * 0.4 * random.uniform()));
  const [slopeX, slopeY] = [(random.uniform() - 0.5) * 0.4, (random.uniform() - 0.5) * 0.4];
  for (let y = 0, to = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const covered = coverage(x, y);
      const shade = slopeX * (x / SIZE - 0.5) + slopeY * (y / SIZE - 0.5);
      for (let c = 0; c < 3; c++) {
        const value = covered * ink[c]! + (1 - covered) * ground[c]! + shade + 0.03 * random.normal();
        image[to++] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
}

function draw(count: number, random: Random, coverageOf: (i: number) => (x: number, y: number) => number): ImageSet {
  const each = SIZE * SIZE * 3;
  const images = new Uint8Array(count * each);
  for (let i = 0; i < count; i++) paint(images.subarray(i * each, (i + 1) * each), random, coverageOf(i));
  return { images, shape: [count, SIZE, SIZE, 3] };
}

/** `count` digits, as many of each class; label = digit. */
export function drawDigits(count: number, seed: number): LabeledImages {
  const random = seededRandom(seed, 0);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
  return { ...draw(count, random, (i) => strokesCoverage(DIGITS[i % 10]!, random)), labels };
}

export function drawLetters(count: number, seed: number): ImageSet {
  const random = seededRandom(seed, 1);
  return draw(count, random, (i) => strokesCoverage(LETTERS[i % LETTERS.length]!, random));
}

export function drawShapes(count: number, seed: number): ImageSet {
  const random = seededRandom(seed, 2);
  return draw(count, random, () => shapeCoverage(random));
}
