import * as Plot from '@observablehq/plot';
import { setColor } from '../colors';
import type { PageData } from '../page-data';
import { histogramOf, scoreRange } from '../score-range';
import { sharedOptions, type ChartStyle } from './chart-style';

/** A histogram of the scores of each set, one below the other, with the threshold drawn through all. */
export function histogramChart(data: PageData, style: ChartStyle, threshold = data.threshold): SVGSVGElement {
  const { low, high, isCut } = scoreRange(data.sets);
  const bars = data.sets.flatMap(({ name, scores }, i) => {
    const { shares } = histogramOf(scores, low, high);
    const width = (high - low) / shares.length;
    const tallest = shares.reduce((a, b) => Math.max(a, b), 0);
    return Array.from(shares, (share, bin) => ({
      set: name,
      color: setColor(i),
      x1: low + bin * width,
      x2: low + (bin + 1) * width,
      height: share / tallest,
    }));
  });
  return Plot.plot({
    ...sharedOptions({ height: 50 + 70 * data.sets.length, ...style }),
    marginLeft: 10,
    marginRight: 12,
    marginBottom: 42,
    x: {
      domain: [low, high],
      label: `OoD score${isCut ? ' (the last bar holds all above)' : ''}`,
      grid: true,
      ticks: Math.min(10, Math.max(2, Math.floor(style.width / 85))), // small scores have long numbers
      labelOffset: 38,
    },
    y: { axis: null, domain: [0, 1.3] },
    fy: { domain: data.sets.map(({ name }) => name), axis: null, padding: 0.05 },
    marks: [
      Plot.rectY(bars, { x1: 'x1', x2: 'x2', y: 'height', fy: 'set', fill: 'color', insetLeft: 0.5 }),
      Plot.ruleY([0], { strokeOpacity: 0.4 }),
      Plot.text(data.sets, {
        fy: 'name',
        text: 'name',
        frameAnchor: 'top-right',
        fontWeight: 'bold',
        dx: -4,
        dy: 3,
      }),
      Plot.ruleX([Math.min(high, Math.max(low, threshold))], { strokeWidth: 2, className: 'threshold' }),
    ],
  }) as SVGSVGElement;
}
