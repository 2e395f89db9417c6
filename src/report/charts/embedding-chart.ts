import * as Plot from '@observablehq/plot';
import { classColor, KIND_COLORS, setColor, UNKNOWN_COLOR } from '../colors';
import { UNIT, type PageData, type PointView } from '../page-data';
import { sharedOptions, type ChartStyle } from './chart-style';

/** What the colors of the points mean. */
export type ColorBy = 'class' | 'kind' | 'set';

/** The color of a known point by its class (without classes: by its set), of an unknown one by what is asked. */
export function pointColor(data: PageData, p: number, by: ColorBy): string {
  const { set, label } = data.points!;
  const isKnown = set[p] === 0;
  if (by === 'kind') return isKnown ? KIND_COLORS.known : KIND_COLORS.unknown;
  if (by === 'set') return setColor(set[p]!);
  if (!isKnown) return UNKNOWN_COLOR;
  return label[p]! < 0 ? setColor(0) : classColor(label[p]!);
}

/** Middle of each class's points in one frame, in units. */
export function classMiddles(data: PageData, view: PointView, frame: number): { label: number; place: number[] }[] {
  const { set, label } = data.points!;
  const { dimensions, coordinates } = view;
  const sums = new Map<number, number[]>();
  set.forEach((index, p) => {
    if (index !== 0 || label[p]! < 0) return;
    const sum = sums.get(label[p]!) ?? Array<number>(dimensions + 1).fill(0);
    for (let k = 0; k < dimensions; k++) sum[k]! += coordinates[(frame * set.length + p) * dimensions + k]! / UNIT;
    sum[dimensions]!++;
    sums.set(label[p]!, sum);
  });
  return [...sums].map(([of, sum]) => ({ label: of, place: sum.slice(0, dimensions).map((v) => v / sum.at(-1)!) }));
}

/** Heights in their order, moved apart to at least `gap`, each as little as can be. */
export function spread(heights: readonly number[], gap: number): number[] {
  const order = heights.map((_, i) => i).sort((a, b) => heights[a]! - heights[b]!);
  // Groups that touch move together: their middle stays.
  const groups: { members: number[]; middle: number }[] = [];
  for (const i of order) {
    let group = { members: [i], middle: heights[i]! };
    for (;;) {
      const below = groups.at(-1);
      if (!below || group.middle - below.middle >= ((below.members.length + group.members.length) / 2) * gap) break;
      groups.pop();
      const members = [...below.members, ...group.members];
      group = { members, middle: members.reduce((sum, k) => sum + heights[k]!, 0) / members.length };
    }
    groups.push(group);
  }
  const moved = [...heights];
  for (const { members, middle } of groups) {
    members.forEach((i, k) => (moved[i] = middle + (k - (members.length - 1) / 2) * gap));
  }
  return moved;
}

/** Where the points of the last frame lie, with room for names; at most as high as wide, and not much lower. */
function windowOf({ coordinates, dimensions }: PointView, count: number): { x: number[]; y: number[] } {
  const last = coordinates.subarray(coordinates.length - count * dimensions);
  const [x, y] = [0, 1].map((k) => {
    const along = Array.from({ length: count }, (_, p) => last[p * dimensions + k]! / UNIT);
    const inside = along.filter((value) => Math.abs(value) <= 1.25);
    const [low, high] = [Math.min(...inside, 0) - 0.12, Math.max(...inside, 0) + 0.12];
    return { middle: (low + high) / 2, half: (high - low) / 2 };
  });
  const width = Math.max(x!.half, y!.half);
  const height = Math.max(y!.half, 0.6 * width);
  const around = (middle: number, half: number) => [middle - half, middle + half];
  return { x: around(x!.middle, width), y: around(y!.middle, height) };
}

/** Moves names that lie over each other apart, up and down. */
function apart(names: readonly { x: number; y: number }[], width: number, gap: number): void {
  for (let pass = 0; pass < 100; pass++) {
    let isMoved = false;
    names.forEach((one, i) => {
      for (const other of names.slice(i + 1)) {
        const [upper, lower] = one.y >= other.y ? [one, other] : [other, one];
        const missing = gap - (upper.y - lower.y);
        if (Math.abs(one.x - other.x) >= width || missing < 1e-6) continue;
        upper.y += missing / 2;
        lower.y -= missing / 2;
        isMoved = true;
      }
    });
    if (!isMoved) return;
  }
}

/** Sizes in a picture of 640 px that is still read where it is shown at 360. */
const [DOT, CROSS, WORDS, LINE] = [4.5, 3.4, 20, 36];

/**
 * One frame of the embedding in two dimensions: classes as colored discs, each with a white rim, above the crosses of
 * unknown images.
 */
export function embeddingChart(
  data: PageData,
  style: ChartStyle,
  { frame, view, colorBy = 'class' }: { frame?: number; view?: PointView; colorBy?: ColorBy } = {},
): SVGSVGElement | undefined {
  const { points } = data;
  const shown = view ?? points?.views[0];
  if (!points || !shown) return undefined;
  const f = frame ?? shown.epochs.length - 1;
  const count = points.set.length;
  const dots = Array.from(points.set, (set, p) => ({
    x: shown.coordinates[(f * count + p) * shown.dimensions]! / UNIT,
    y: shown.coordinates[(f * count + p) * shown.dimensions + 1]! / UNIT,
    color: pointColor(data, p, colorBy),
    isKnown: set === 0,
  }));
  const side = Math.min(style.width, 640);
  const scale = side / 640;
  const { x, y } = windowOf(shown, count);
  const unit = (side - 48 * scale) / (x[1]! - x[0]!); // pixels
  const epoch = shown.epochs[f]!;
  const middles = classMiddles(data, shown, f);
  // Of many classes the names are smaller, or they would not find room one above the other.
  const fontSize = Math.max(11, Math.min(26, 300 / middles.length) * scale);
  const names = middles.map(({ label, place }) => {
    return { x: place[0]!, y: place[1]! + (0.8 * fontSize) / unit, text: data.classNames[label]! };
  });
  const longest = Math.max(0, ...names.map(({ text }) => text.length));
  apart(names, (0.65 * fontSize * longest) / unit, (1.05 * fontSize) / unit);
  const legend = `● ${data.sets[0]!.name}\u2003× unknown`;
  const line = { dy: -LINE * scale, fontSize: WORDS * scale } as const;
  return Plot.plot({
    ...sharedOptions({
      ...style,
      width: side,
      height: style.height ?? Math.round((y[1]! - y[0]!) * unit + (48 + LINE) * scale),
    }),
    margin: 24 * scale,
    marginTop: (24 + LINE) * scale,
    x: { domain: x, axis: null, clamp: true },
    y: { domain: y, axis: null, clamp: true },
    marks: [
      Plot.frame({ strokeOpacity: 0.25 }),
      Plot.dot(
        dots.filter(({ isKnown }) => !isKnown),
        { x: 'x', y: 'y', stroke: 'color', symbol: 'times', r: CROSS * scale, strokeOpacity: 0.3, strokeWidth: 1.3 },
      ),
      Plot.dot(
        dots.filter(({ isKnown }) => isKnown),
        { x: 'x', y: 'y', fill: 'color', r: DOT * scale, stroke: 'white', strokeWidth: 0.7 },
      ),
      ...(colorBy === 'class'
        ? [
            Plot.text(names, {
              x: 'x',
              y: 'y',
              text: 'text',
              stroke: 'white',
              strokeWidth: 5,
              fill: 'black',
              fontWeight: 'bold',
              fontSize,
            }),
          ]
        : []),
      Plot.text([legend], { ...line, frameAnchor: 'top-left', dx: 2 }),
      Plot.text([epoch < 0 ? 'after training' : `epoch ${epoch}`], { ...line, frameAnchor: 'top-right', dx: -2 }),
    ],
  }) as SVGSVGElement;
}
