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
  return (x, y) => {
    let nearest = Infinity;
    for (const stroke of placed) {
      for (let i = 1; i < stroke.length; i++) {
        nearest = Math.min(nearest, squareToSegment(x, y, stroke[i - 1]!, stroke[i]!));
      }
    }
    return Math.min(1, Math.max(0, halfWidth - Math.sqrt(nearest) + 0.5));
  };
}

/** A filled polygon or disc under stripes, checks or dots. */
function shapeCoverage(random: Random): (x: number, y: number) => number {
  const corners = [0, 3, 4, 5][random.integer(4)]!; // 0: a disc
  const radius = 8 + 5 * random.uniform();
  const turn = random.uniform() * 2 * Math.PI;
  const center: Point = [SIZE / 2 + (random.uniform() - 0.5) * 6, SIZE / 2 + (random.uniform() - 0.5) * 6];
  const period = 2.5 + 3 * random.uniform();
  const kind = random.integer(3);
  return (x, y) => {
    const [dx, dy] = [x - center[0], y - center[1]];
    const sector = (2 * Math.PI) / (corners || 1);
    const angle = ((Math.atan2(dy, dx) - turn) % sector) + (Math.atan2(dy, dx) < turn ? sector : 0);
    const edge = corners === 0 ? radius : (radius * Math.cos(sector / 2)) / Math.cos(angle - sector / 2);
    if (Math.hypot(dx, dy) > edge) return 0;
    const a = Math.sin(((dx * Math.cos(turn) + dy * Math.sin(turn)) * Math.PI) / period);
    const b = Math.sin(((dy * Math.cos(turn) - dx * Math.sin(turn)) * Math.PI) / period);
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
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const covered = coverage(x, y);
      const shade = slopeX * (x / SIZE - 0.5) + slopeY * (y / SIZE - 0.5);
      for (let c = 0; c < 3; c++) {
        const value = covered * ink[c]! + (1 - covered) * ground[c]! + shade + 0.03 * random.normal();
        image[(y * SIZE + x) * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
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
