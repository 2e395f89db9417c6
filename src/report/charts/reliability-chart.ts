import * as Plot from '@observablehq/plot';
import { setColor } from '../colors';
import type { PageData } from '../page-data';
import { sharedOptions, type ChartStyle } from './chart-style';

/** Accuracy over confidence: bars on the diagonal are right, below it the model is too sure; undefined without. */
export function reliabilityChart({ reliability }: PageData, style: ChartStyle): SVGSVGElement | undefined {
  if (!reliability) return undefined;
  const { lower, upper, confidence, accuracy, share } = reliability;
  const largest = share.reduce((a, b) => Math.max(a, b), 0);
  const bars = Array.from(lower, (x1, i) => ({
    x1,
    x2: upper[i]!,
    confidence: confidence[i]!,
    accuracy: accuracy[i]!,
    opacity: 0.25 + (0.6 * share[i]!) / largest,
  }));
  const side = Math.min(style.width, 460);
  const ends = [
    [0, 0],
    [1, 1],
  ] as const;
  return Plot.plot({
    ...sharedOptions({ ...style, width: side, height: style.height ?? side }),
    grid: true,
    marginBottom: 44,
    x: { domain: [0, 1], label: 'confidence: probability of the answer', labelOffset: 40 },
    y: { domain: [0, 1], label: 'accuracy: share of answers that are right' },
    marks: [
      Plot.frame({ strokeOpacity: 0.3 }),
      Plot.rectY(bars, { x1: 'x1', x2: 'x2', y: 'accuracy', fill: setColor(0), fillOpacity: 'opacity', inset: 0.5 }),
      Plot.line(ends, { stroke: 'currentColor', strokeOpacity: 0.4, strokeDasharray: '2 4' }),
      Plot.dot(bars, { x: 'confidence', y: 'accuracy', r: 3, fill: 'currentColor' }),
    ],
  }) as SVGSVGElement;
}
