/** What the page and the figures draw: plain numbers and words, nothing left to compute but pixels. */
export interface PageData {
  title: string;
  classNames: string[];
  threshold: number;
  /** The known set first. */
  sets: PageSet[];
  confusion?: Confusion;
  reliability?: Reliability;
  points?: Points;
  mistakes: MistakeGroup[];
  atlas?: Atlas;
}

export interface PageSet {
  name: string;
  scores: Float32Array;
  /** OoD positive; of the OoD sets. */
  roc?: Curve;
  precisionRecall?: Curve;
}

export interface Curve {
  x: Float32Array;
  y: Float32Array;
  /** AUROC or average precision, of the whole curve. */
  area: number;
}

/** Known images by true class (rows) and by the class that they are taken for (columns). */
export interface Confusion {
  classes: number;
  counts: Int32Array;
}

/** How sure answers for the known images were, and how often they were right, bin by bin. */
export interface Reliability {
  ece: number;
  /** Ends of the bins, what they hold on average, and their share of the images. */
  lower: Float32Array;
  upper: Float32Array;
  confidence: Float32Array;
  accuracy: Float32Array;
  share: Float32Array;
}

/** The images of the embedding's picture. */
export interface Points {
  /** Index in `sets`. */
  set: Int32Array;
  row: Int32Array;
  /** True class, -1: none. */
  label: Int32Array;
  /** Class that it is taken for, -1: not said. */
  nearest: Int32Array;
  score: Float32Array;
  /** Its place in the atlas, -1: none. */
  cell: Int32Array;
  views: PointView[];
  /** The same points in the embedding of another training, with the same epochs as the first view, and both names. */
  beside?: { names: [string, string]; view: PointView };
}

/** Places of the points, epoch by epoch. */
export interface PointView {
  name: string;
  /** What the axes are. */
  note: string;
  dimensions: 2 | 3;
  /** One for each frame; -1: after training, no epoch known. */
  epochs: number[];
  /**
   * [frames, points, dimensions]; 10,000 is one unit, in which nearly all points of the last frame lie within a ball of
   * radius 1.
   */
  coordinates: Int16Array;
}

export const UNIT = 10_000;

export interface MistakeGroup {
  /** `alarm`: a known image with a high score. `miss`: an OoD image with a low one. */
  kind: 'alarm' | 'miss';
  set: number;
  items: { row: number; score: number; label: number; nearest: number; cell: number }[];
}

/** All images as one file. */
export interface Atlas {
  mime: string;
  bytes: Uint8Array;
  /** Of one image, in pixels. */
  width: number;
  height: number;
  columns: number;
}
