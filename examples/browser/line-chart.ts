import { svg } from './svg';

export interface LineChart {
  add(seconds: number, auroc: number): void;
  clear(): void;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [420, 210, 38, 14, 10, 42];

/** AUROC over time, from 0 to 1; the time axis grows with it. */
export function lineChart(container: HTMLElement): LineChart {
  let points: [number, number][] = [];
  const draw = (): void => {
    const last = Math.max(10, Math.ceil((points.at(-1)?.[0] ?? 0) / 10) * 10);
    const x = (seconds: number) => LEFT + (seconds / last) * (WIDTH - LEFT - RIGHT);
    const y = (auroc: number) => HEIGHT - BOTTOM - auroc * (HEIGHT - BOTTOM - TOP);
    const levels = [0, 0.25, 0.5, 0.75, 1].flatMap((level) => [
      svg('line', {
        x1: LEFT,
        x2: WIDTH - RIGHT,
        y1: y(level),
        y2: y(level),
        stroke: 'var(--line)',
        'stroke-dasharray': level === 0.5 ? '4 4' : 'none',
      }),
      svg('text', { x: LEFT - 7, y: y(level) + 4, 'text-anchor': 'end' }, String(level)),
    ]);
    const times = [0, 0.5, 1].map((part) =>
      svg('text', { x: x(part * last), y: HEIGHT - BOTTOM + 17, 'text-anchor': 'middle' }, String(part * last)),
    );
    const end = points.at(-1);
    const label = end
      ? `AUROC over ${Math.round(end[0])} seconds, from ${points[0]![1].toFixed(3)} to ${end[1].toFixed(3)}`
      : 'AUROC over time, nothing yet';
    container.replaceChildren(
      svg(
        'svg',
        { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
        ...levels,
        ...times,
        svg('text', { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' }, 'seconds'),
        svg('polyline', {
          points: points.map(([s, a]) => `${x(s).toFixed(1)},${y(a).toFixed(1)}`).join(' '),
          fill: 'none',
          stroke: 'var(--action)',
          'stroke-width': 2.5,
          'stroke-linejoin': 'round',
        }),
        ...(end ? [svg('circle', { cx: x(end[0]), cy: y(end[1]), r: 4, fill: 'var(--action)' })] : []),
      ),
    );
  };
  draw();
  return {
    add(seconds, auroc) {
      points.push([seconds, auroc]);
      draw();
    },
    clear() {
      points = [];
      draw();
    },
  };
}
