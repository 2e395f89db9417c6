import { svg } from './svg';

export interface Histogram {
  /** Moves the threshold and the mark of the score; undefined: no score. */
  update(threshold: number, score: number | undefined): void;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [420, 210, 22, 40, 26];
const BINS = 49;

/** Calibration scores on a logarithmic axis, with the threshold and the score at hand. */
export function histogram(container: HTMLElement, scores: Float64Array): Histogram {
  const [low, high] = [-4, 3]; // 10 to the power; what lies beyond is drawn at the end
  const bin = (score: number) => ((Math.log10(Math.max(score, 1e-9)) - low) / (high - low)) * BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (const score of scores) counts[Math.min(BINS - 1, Math.max(0, Math.floor(bin(score))))]!++;
  const most = Math.max(...counts);

  const x = (score: number) => LEFT + (Math.min(BINS, Math.max(0, bin(score))) / BINS) * (WIDTH - 2 * LEFT);
  const y = (count: number) => HEIGHT - BOTTOM - (count / most) * (HEIGHT - BOTTOM - TOP);
  const ground = HEIGHT - BOTTOM;
  const bars = counts.map((count, i) => {
    const width = (WIDTH - 2 * LEFT) / BINS;
    return svg('rect', { x: LEFT + i * width + 0.5, y: y(count), width: width - 1, height: ground - y(count) });
  });
  const ticks = [-4, -3, -2, -1, 0, 1, 2, 3].map((power) =>
    svg(
      'text',
      { x: x(10 ** power), y: ground + 16, 'text-anchor': 'middle' },
      String(Number((10 ** power).toPrecision(1))),
    ),
  );
  const beyond = svg('rect', { y: TOP - 6, height: ground - TOP + 6, fill: 'var(--unknown)', opacity: 0.14 });
  const cut = svg('line', { y1: TOP - 6, y2: ground, stroke: 'var(--unknown)', 'stroke-width': 2 });
  const cutLabel = svg('text', { y: TOP - 11 });
  const mark = svg('path', { fill: 'var(--text)', stroke: 'var(--card)', 'stroke-width': 1.5, visibility: 'hidden' });
  const title = svg('title', {});
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-labelledby': 'histogram-title' },
    title,
    svg('g', { fill: 'var(--bar)' }, ...bars),
    beyond,
    svg('line', { x1: LEFT, x2: WIDTH - LEFT, y1: ground, y2: ground, stroke: 'var(--quiet)' }),
    ...ticks,
    svg(
      'text',
      { x: WIDTH / 2, y: HEIGHT - 6, 'text-anchor': 'middle' },
      'squared distance to the nearest class mean (logarithmic)',
    ),
    cut,
    cutLabel,
    mark,
  );
  container.replaceChildren(picture);

  return {
    update(threshold, score) {
      const at = Number.isFinite(threshold) ? x(threshold) : WIDTH - LEFT;
      for (const [line, end] of [
        [cut, 'x1'],
        [cut, 'x2'],
        [beyond, 'x'],
      ] as const)
        line.setAttribute(end, String(at));
      beyond.setAttribute('width', String(WIDTH - LEFT - at));
      const toTheRight = at < WIDTH / 2;
      cutLabel.setAttribute('x', String(toTheRight ? at + 2 : at));
      cutLabel.setAttribute('text-anchor', toTheRight ? 'start' : 'end');
      cutLabel.textContent = 'unknown →';
      const said = `Histogram of ${scores.length} scores; threshold ${threshold.toPrecision(3)}`;
      picture.setAttribute('aria-label', score === undefined ? said : `${said}; this score ${score.toPrecision(3)}`);
      picture.removeAttribute('aria-labelledby');
      title.textContent = picture.getAttribute('aria-label');
      mark.setAttribute('visibility', score === undefined ? 'hidden' : 'visible');
      if (score === undefined) return;
      const tip = x(score);
      mark.setAttribute('d', `M${tip} ${ground + 1}l-8 -14h16z`);
    },
  };
}
