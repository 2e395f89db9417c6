export type { Animation } from './charts/animation-frames';
export type { EmbeddingHistory, EmbeddingRows, Report, ReportedShare, ReportSet } from './report';
export type { ReportOptions } from './report-options';
export type { EncodeImage } from './image-atlas';
export { htmlReport } from './html-report';
export { reportFigures, type FigureName, type ReportFigures } from './report-figures';
