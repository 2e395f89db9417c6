import type { Random } from 'tfjs-ood';
import type { Ink } from './to-mnist-pixels';

export type Point = readonly [x: number, y: number];
export type Strokes = readonly (readonly Point[])[];

/** Part of an ellipse as a line of points; angles in degrees, clockwise from the right. */
export const arc = (cx: number, cy: number, rx: number, ry: number, from: number, to: number): Point[] =>
  Array.from({ length: 17 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 16) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)] as const;
  });

/** Corners `step` apart on a circle, closed: 5 by 1 is a pentagon, 5 by 2 a star. */
export const polygon = (corners: number, step = 1, turn = -90): Point[] =>
  Array.from({ length: corners + 1 }, (_, i) => {
    const angle = ((turn + (i * step * 360) / corners) * Math.PI) / 180;
    return [0.5 + 0.48 * Math.cos(angle), 0.5 + 0.48 * Math.sin(angle)] as const;
  });

/** The square of the distance: who looks for the nearest of many segments takes one root. */
export function squareToSegment(x: number, y: number, a: Point, b: Point): number {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const t = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1)));
  const offX = x - a[0] - t * dx;
  const offY = y - a[1] - t * dy;
  return offX * offX + offY * offY;
}

/** Strokes in a square of side 1 as ink: a pen of this width (of the square's side) with a soft edge. */
export function inkOfStrokes(strokes: Strokes, side: number, penWidth: number): Ink {
  const values = new Float32Array(side * side);
  const radius = (penWidth * side) / 2;
  const paint = (a: Point, b: Point): void => {
    const [x0, x1] = [Math.min(a[0], b[0]) - radius - 1, Math.max(a[0], b[0]) + radius + 1];
    const [y0, y1] = [Math.min(a[1], b[1]) - radius - 1, Math.max(a[1], b[1]) + radius + 1];
    for (let y = Math.max(0, Math.floor(y0)); y < Math.min(side, y1); y++) {
      for (let x = Math.max(0, Math.floor(x0)); x < Math.min(side, x1); x++) {
        const near = radius + 0.5 - Math.sqrt(squareToSegment(x + 0.5, y + 0.5, a, b));
        const at = y * side + x;
        if (near > values[at]!) values[at] = Math.min(1, near);
      }
    }
  };
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]): Point => [x * side, y * side]);
    paint(points[0]!, points[0]!); // a dot
    for (let i = 1; i < points.length; i++) paint(points[i - 1]!, points[i]!);
  }
  return { values, width: side, height: side };
}

/** The strokes as another hand draws them: turned, slanted, stretched, every point a little off. */
export function otherHand(strokes: Strokes, random: Random, turn = 0.25): Strokes {
  const off = (by: number) => (random.uniform() * 2 - 1) * by;
  const angle = off(turn);
  const slant = off(0.25);
  const [width, height] = [0.75 + off(0.2), 0.85 + off(0.12)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return strokes.map((stroke) =>
    stroke.map(([u, v]): Point => {
      const x = (u - 0.5 + (0.5 - v) * slant) * width + off(0.015);
      const y = (v - 0.5) * height + off(0.015);
      return [0.5 + 0.8 * (cos * x - sin * y), 0.5 + 0.8 * (sin * x + cos * y)];
    }),
  );
}

/**
 * What the classifier gets of strokes, small or large: they are moved and scaled to fill a square first, so that the
 * pen is as wide as MNIST's on a drawing of any size.
 */
export function inkOfDrawing(strokes: Strokes): Ink {
  const points = strokes.flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const side = Math.max(right - left, bottom - top, 0.05); // a dot stays a dot
  const scaled = strokes.map((stroke) =>
    stroke.map(([x, y]): Point => [
      0.5 + (0.8 * (x - (left + right) / 2)) / side,
      0.5 + (0.8 * (y - (top + bottom) / 2)) / side,
    ]),
  );
  return inkOfStrokes(scaled, 112, 0.1);
}
