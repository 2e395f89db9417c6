import { svg } from './svg';

export interface LineChart {
  add(seconds: number, auroc: number): void;
  clear(): void;
}

const [LEFT, RIGHT, TOP, BOTTOM] = [38, 14, 10, 42];

/** AUROC from 0 to 1 over time, as much of it as has passed, as wide as its container. */
export function lineChart(container: HTMLElement): LineChart {
  let points: [number, number][] = [];
  const draw = (): void => {
    const [width, height] = [container.clientWidth, container.clientHeight];
    if (width === 0) return;
    const last = points.at(-1)?.[0] || 5; // the line ends where the chart does
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].find((seconds) => last / seconds <= 6) ?? 60;
    const x = (seconds: number) => LEFT + (seconds / last) * (width - LEFT - RIGHT);
    const y = (auroc: number) => height - BOTTOM - auroc * (height - BOTTOM - TOP);
    const levels = [0, 0.25, 0.5, 0.75, 1].flatMap((level) => [
      svg('line', {
        x1: LEFT,
        x2: width - RIGHT,
        y1: y(level),
        y2: y(level),
        stroke: 'var(--line)',
        'stroke-dasharray': level === 0.5 ? '4 4' : 'none',
      }),
      svg('text', { x: LEFT - 7, y: y(level) + 4, 'text-anchor': 'end' }, String(level)),
    ]);
    const times = Array.from({ length: Math.floor(last / step) + 1 }, (_, i) =>
      svg(
        'text',
        { x: x(i * step), y: height - BOTTOM + 17, 'text-anchor': 'middle' },
        String(Number((i * step).toFixed(1))),
      ),
    );
    const end = points.at(-1);
    const label = end
      ? `AUROC over ${Math.round(end[0])} seconds, from ${points[0]![1].toFixed(3)} to ${end[1].toFixed(3)}`
      : 'AUROC over time, nothing yet';
    container.replaceChildren(
      svg(
        'svg',
        { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
        ...levels,
        ...times,
        svg('text', { x: (LEFT + width - RIGHT) / 2, y: height - 6, 'text-anchor': 'middle' }, 'seconds'),
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
  new ResizeObserver(draw).observe(container);
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
