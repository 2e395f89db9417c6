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

/** One frame of the embedding in two dimensions: classes as colored discs, unknown images as crosses. */
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
  const epoch = shown.epochs[f]!;
  const middles = classMiddles(data, shown, f);
  const heights = spread(
    middles.map(({ place }) => place[1]!),
    40 / side,
  );
  const names = middles.map(({ label, place }, i) => ({ x: place[0]!, y: heights[i]!, text: data.classNames[label]! }));
  return Plot.plot({
    ...sharedOptions({ ...style, width: side, height: style.height ?? side }),
    margin: 24,
    x: { domain: [-1.25, 1.25], axis: null, clamp: true },
    y: { domain: [-1.25, 1.25], axis: null, clamp: true },
    marks: [
      Plot.frame({ strokeOpacity: 0.25 }),
      Plot.dot(
        dots.filter(({ isKnown }) => !isKnown),
        { x: 'x', y: 'y', stroke: 'color', symbol: 'times', r: 2.2, strokeOpacity: 0.45 },
      ),
      Plot.dot(
        dots.filter(({ isKnown }) => isKnown),
        { x: 'x', y: 'y', fill: 'color', r: 2.2, fillOpacity: 0.85 },
      ),
      ...(colorBy === 'class'
        ? [
            Plot.text(names, {
              x: 'x',
              y: 'y',
              text: 'text',
              stroke: 'white',
              strokeWidth: 4,
              fill: 'black',
              fontWeight: 'bold',
            }),
          ]
        : []),
      Plot.text([epoch < 0 ? 'after training' : `epoch ${epoch}`], {
        frameAnchor: 'top-left',
        dx: 6,
        dy: 6,
        fontSize: 13,
      }),
    ],
  }) as SVGSVGElement;
}
