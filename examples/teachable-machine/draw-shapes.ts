import type { Random } from 'tfjs-ood';

/** What the model learns, in the order of its classes. */
export const KNOWN_SHAPES = ['circle', 'square', 'triangle'] as const;
/** What it never sees. */
export const STRANGE_SHAPES = ['flower', 'stripes', 'noise'] as const;
export type Shape = (typeof KNOWN_SHAPES)[number] | (typeof STRANGE_SHAPES)[number];

/** Pixels of a picture, RGBA: what ImageData is made of. */
export interface Drawn {
  data: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
}

/** Whether a place lies in a shape that fills the circle of radius 1. */
const isInside: Record<Exclude<Shape, 'noise'>, (x: number, y: number) => boolean> = {
  circle: (x, y) => x * x + y * y < 0.75,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.7,
  triangle: (x, y) => y < 0.5 && y > Math.abs(x) * Math.sqrt(3) - 1,
  flower: (x, y) => Math.hypot(x, y) < 0.6 + 0.4 * Math.cos(5 * Math.atan2(y, x)),
  stripes: (x) => Math.floor(x * 5) % 2 === 0,
};
const COLORS: Record<Shape, readonly number[]> = {
  circle: [205, 60, 50],
  square: [50, 150, 70],
  triangle: [50, 90, 200],
  flower: [225, 190, 40],
  stripes: [20, 20, 20],
  noise: [0, 0, 0],
};

/** A shape on a pale ground, its place, size, turn, color and light by chance. */
export function drawShape(shape: Shape, random: Random, side = 224): Drawn {
  const data = new Uint8ClampedArray(4 * side * side);
  const between = (least: number, most: number) => least + (most - least) * random.uniform();
  const radius = side * between(0.25, 0.42);
  const [middleX, middleY] = [between(0.42, 0.58) * side, between(0.42, 0.58) * side];
  const turn = between(-0.4, 0.4);
  const color = COLORS[shape].map((value) => value + between(-25, 25));
  const ground = Array.from({ length: 3 }, () => between(205, 240));
  const [light, slope] = [between(0.85, 1.1), between(-0.2, 0.2)];
  for (let p = 0; p < side * side; p++) {
    const [x, y] = [((p % side) - middleX) / radius, (Math.floor(p / side) - middleY) / radius];
    const isOn =
      shape !== 'noise' &&
      isInside[shape](x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn));
    const bright = light + slope * ((p % side) / side - 0.5);
    for (let c = 0; c < 3; c++) {
      data[4 * p + c] =
        shape === 'noise' ? random.integer(256) : (isOn ? color : ground)[c]! * bright + random.integer(9) - 4;
    }
    data[4 * p + 3] = 255;
  }
  return { data, width: side, height: side };
}
