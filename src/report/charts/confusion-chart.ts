import * as Plot from '@observablehq/plot';
import { cellColors } from '../colors';
import type { PageData } from '../page-data';
import { sharedOptions, type ChartStyle } from './chart-style';

/** Share of each true class (row) that is taken for each class (column); undefined without classes. */
export function confusionChart(data: PageData, style: ChartStyle): SVGSVGElement | undefined {
  if (!data.confusion) return undefined;
  const { classes, counts } = data.confusion;
  const names = data.classNames.slice(0, classes);
  const totals = names.map((_, row) => counts.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0));
  const cells = Array.from(counts, (count, i) => {
    const [row, column] = [Math.floor(i / classes), i % classes];
    const share = totals[row] ? count / totals[row] : 0;
    return { row, column, count, ...cellColors(share) };
  });
  const side = Math.min(style.width, 110 + classes * 44);
  const title = (label: number) => names[label]!;
  return Plot.plot({
    ...sharedOptions({ ...style, width: side, height: style.height ?? side }),
    marginLeft: 84,
    marginTop: 84,
    x: { label: 'nearest class', axis: 'top', tickFormat: title, tickRotate: -45, type: 'band' },
    y: { label: 'true class', tickFormat: title, type: 'band' },
    color: { type: 'identity' },
    marks: [
      Plot.cell(cells, { x: 'column', y: 'row', fill: 'ground', inset: 0.5 }),
      ...(classes <= 12
        ? [
            Plot.text(cells, {
              x: 'column',
              y: 'row',
              text: (cell: { count: number }) => String(cell.count),
              fill: (cell: { text: string }) => cell.text,
              fontSize: 11,
            }),
          ]
        : []),
    ],
  }) as SVGSVGElement;
}
