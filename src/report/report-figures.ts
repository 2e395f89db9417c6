import { parseHTML } from 'linkedom';
import { POSITIVE } from '../core/check';
import { readOptions } from '../core/read-options';
import { buildPageData } from './build-page-data';
import { confusionChart } from './charts/confusion-chart';
import { precisionRecallChart, rocChart } from './charts/curve-charts';
import { embeddingChart } from './charts/embedding-chart';
import { histogramChart } from './charts/histogram-chart';
import { reliabilityChart } from './charts/reliability-chart';
import type { PageData } from './page-data';
import type { Report } from './report';
import { REPORT_OPTIONS, type ReportOptions } from './report-options';
import { wellFormedXml } from './well-formed-xml';

/** Figures of a report, each named as its file. */
export type FigureName = 'roc' | 'precision-recall' | 'histogram' | 'confusion' | 'reliability' | 'embedding';

/** SVG files as text: black on white, ready for a paper. */
export interface ReportFigures {
  figures: Partial<Record<FigureName, string>>;
  /** The embedding after each epoch, one picture an epoch, all of one size; empty without embeddings. */
  epochs: { epoch: number; svg: string }[];
}

function svgFile(svg: SVGSVGElement | undefined): string | undefined {
  if (!svg) return undefined;
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('style', 'color:#111;background:white');
  return wellFormedXml(svg.outerHTML);
}

/**
 * The figures of a report as SVG files, without a browser: ROC, precision-recall, histograms, confusion, reliability,
 * embedding and, for an animation, the embedding after each epoch.
 *
 * @param report as of `htmlReport`
 * @param options as of `htmlReport`, and `width` in pixels, 640 by default
 * @throws as `htmlReport`
 * @example
 * const scores = { known: [0.1, 0.4, 0.2], letters: [0.35, 0.8] };
 * const { figures } = await reportFigures({
 *   title: 'Digits against letters',
 *   evaluation: evaluate({ in: scores.known, out: { letters: scores.letters } }),
 *   known: { name: 'digits', scores: scores.known },
 *   out: [{ name: 'letters', scores: scores.letters }],
 * });
 * figures.roc; // '<svg ...'
 */
export async function reportFigures(
  report: Report,
  options: ReportOptions & { width?: number } = {},
): Promise<ReportFigures> {
  const { width, ...rest } = readOptions('reportFigures', options, { ...REPORT_OPTIONS, width: [POSITIVE, 640] });
  return figuresOf(await buildPageData(report, { ...rest, images: 0, umap: false }), width);
}

/** {@link reportFigures} of data that is built already. */
export function figuresOf(data: PageData, width: number): ReportFigures {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const style = { width, document };
  const drawn: Record<FigureName, string | undefined> = {
    roc: svgFile(rocChart(data, style)),
    'precision-recall': svgFile(precisionRecallChart(data, style)),
    histogram: svgFile(histogramChart(data, style)),
    confusion: svgFile(confusionChart(data, style)),
    reliability: svgFile(reliabilityChart(data, style)),
    embedding: svgFile(embeddingChart(data, style)),
  };
  const figures = Object.fromEntries(Object.entries(drawn).filter(([, svg]) => svg !== undefined));
  const epochs = (data.points?.views[0]!.epochs ?? []).map((epoch, frame) => ({
    epoch,
    svg: svgFile(embeddingChart(data, style, { frame }))!,
  }));
  return { figures, epochs };
}
