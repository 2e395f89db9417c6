import * as Plot from '@observablehq/plot';
import { setColor, setDash } from '../colors';
import type { Curve, PageData, PageSet } from '../page-data';
import { sharedOptions, type ChartStyle } from './chart-style';

const pointsOf = ({ x, y }: Curve) => Array.from(x, (value, i) => [value, y[i]!] as const);

function curveChart(
  data: PageData,
  style: ChartStyle,
  curveOf: (set: PageSet) => Curve | undefined,
  labels: { x: string; y: string },
  extra: Plot.Markish[],
): SVGSVGElement {
  const side = Math.min(style.width, 460);
  const lines = data.sets.flatMap((set, i) => {
    const curve = curveOf(set);
    if (!curve) return [];
    const options = { stroke: setColor(i), strokeWidth: 2, strokeDasharray: setDash(i) };
    return [Plot.line(pointsOf(curve), options)];
  });
  return Plot.plot({
    ...sharedOptions({ ...style, width: side, height: style.height ?? side }),
    grid: true,
    marginBottom: 44,
    x: { domain: [0, 1], label: labels.x, labelOffset: 40 },
    y: { domain: [0, 1], label: labels.y },
    marks: [Plot.frame({ strokeOpacity: 0.3 }), ...extra, ...lines],
  }) as SVGSVGElement;
}

/** ROC curves of all OoD sets, OoD positive. */
export function rocChart(data: PageData, style: ChartStyle): SVGSVGElement {
  const labels = { x: 'false positive rate: known images called OoD', y: 'true positive rate: OoD images found' };
  const chance = Plot.line(
    [
      [0, 0],
      [1, 1],
    ],
    { stroke: 'currentColor', strokeOpacity: 0.4, strokeDasharray: '2 4' },
  );
  return curveChart(data, style, (set) => set.roc, labels, [chance]);
}

/** Precision over recall of all OoD sets, OoD positive. */
export function precisionRecallChart(data: PageData, style: ChartStyle): SVGSVGElement {
  const labels = { x: 'recall: OoD images found', y: 'precision: OoD among those found' };
  return curveChart(data, style, (set) => set.precisionRecall, labels, []);
}
