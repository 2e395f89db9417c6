import { FLAG, FUNCTION, INDEX, INTEGER } from '../core/check';
import type { Declared } from '../core/read-options';
import { encodeByCanvas, type EncodeImage } from './image-atlas';

/** Options of `htmlReport` and `reportFigures`. */
export interface ReportOptions {
  /** Most points in the picture of the embedding: 4000 by default, as many known as unknown ones. */
  points?: number;
  /** Most images that the file carries: 2000 by default; mistakes first, then points. */
  images?: number;
  /** Most mistakes of either kind and set: 24 by default. */
  mistakes?: number;
  /** A second picture of the embedding by UMAP; seconds for thousands of points. */
  umap?: boolean;
  /** Of the choice of points and of UMAP: 1 by default. */
  seed?: number;
  /** Makes an image file of pixels; by default the canvas of the browser. */
  encodeImage?: EncodeImage;
}

export const REPORT_OPTIONS = {
  points: [INDEX, 4000],
  images: [INDEX, 2000],
  mistakes: [INDEX, 24],
  umap: [FLAG, false],
  seed: [INTEGER, 1],
  encodeImage: [FUNCTION, encodeByCanvas],
} as const satisfies Declared<ReportOptions>;
