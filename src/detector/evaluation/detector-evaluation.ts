import type { Evaluation, EvaluationMetrics } from '../../metrics/evaluation/evaluation';
import type { Finding } from './finding';

/** What a detector is tried on. */
export interface EvaluatedRows<Known, Strange> {
  /**
   * Known rows that neither trained the model nor fitted or calibrated the detector; with `labels` the model's accuracy
   * is counted too.
   */
  known: Known;
  /** Rows of what is no known class, by the name of each set. */
  strange: Readonly<Record<string, Strange>>;
}

/** Options of `evaluate` of a detector. */
export interface DetectorEvaluationOptions {
  /** Name of a cut-point, or a false-alarm rate, of which the sentences tell; by default that of the fit. */
  cutPoint?: string | number;
  /** Of every interval; 0.95 by default. */
  confidence?: number;
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

/** A count with the exact interval (Clopper-Pearson) of the share that it is of all such rows. */
export interface CountedShare {
  count: number;
  of: number;
  /** `count / of` */
  share: number;
  lower: number;
  upper: number;
}

/** How many rows of a set are called OoD at a cut-point. */
export interface CalledOod extends CountedShare {
  /** False-alarm rate of the cut-point. */
  alpha: number;
}

/** What a detector promised of its false alarms at a cut-point, and what came. */
export interface KeptPromise {
  /** At most this rate: alpha; of folds more, which is what they guarantee. */
  rate: number;
  /** `'average'`: over the draw of the calibration images. `'confidence'`: of this detector, with that confidence. */
  kind: 'average' | 'confidence';
  /** Of the fit, where it had one. */
  confidence?: number;
  /** Where the interval of this detector's own rate lies, seen from the promised one. */
  interval: 'below' | 'around' | 'above';
  /**
   * How often so many alarms or more come, where known images come as those that calibrated; a small one says that
   * these do not. Not known of folds and of a detector that grows.
   */
  chance?: number;
}

/** Known rows that are called OoD at a cut-point, beside the promise. */
export interface FalseAlarms extends CalledOod {
  promise: KeptPromise;
}

/** A lower and an upper end. */
export interface Ends {
  lower: number;
  upper: number;
}

/** One set of rows: what the report takes as a set. */
interface EvaluatedSet {
  name: string;
  /** The set in words, with its intervals. */
  sentence: string;
  /** Of each row [N], higher = more out of distribution; of folds the mean of theirs. */
  scores: number[];
  /** Of each row [N]: share of known images that look at least as strange. */
  pValues: number[];
  /**
   * Index of the class that each row is taken for [N]; where there are logits of classes. Of a name that two classes
   * have it is the first, here and in labels: a verdict has a name alone.
   */
  nearest?: number[];
}

/** The known set. */
export interface KnownEvaluation extends EvaluatedSet {
  name: 'known';
  /** At each cut-point, by its name. */
  falseAlarms: Record<string, FalseAlarms>;
  /** Class index of each row [N], where there were labels. */
  labels?: number[];
  /** Rows that the model gives their label, where there were labels. */
  accuracy?: CountedShare;
}

/** A set of strange rows. */
export interface StrangeEvaluation extends EvaluatedSet {
  /** At each cut-point, by its name. */
  found: Record<string, CalledOod>;
  /** What the intervals allow to say at the cut-point. */
  finding: Finding;
  /**
   * Bootstrap intervals of what `evaluation.sets` has beside AUROC, which has its own there; without those for which
   * all resamples agree.
   */
  intervals: Partial<Record<Exclude<keyof EvaluationMetrics, 'auroc'>, Ends>>;
}

/**
 * What `evaluate` of a detector gives: plain numbers and words, which JSON keeps. With a title it is a report:
 * `htmlReport({ title, ...result })`.
 */
export interface DetectorEvaluation {
  format: 'tfjs-ood/detector-evaluation';
  version: 1;
  /** All of it in one sentence, the worst set first. */
  sentence: string;
  /** Name of the cut-point that the sentences are about. */
  cutPoint: string;
  /** Its false-alarm rate. */
  alpha: number;
  /** Of every interval. */
  confidence: number;
  /** `score > threshold` is OoD there; left out where there is no such number: folds, a detector that grows. */
  threshold?: number;
  /** AUROC, AUPR, FPR95 of each set, as of `evaluate` of `tfjs-ood/metrics`. */
  evaluation: Evaluation;
  known: KnownEvaluation;
  out: StrangeEvaluation[];
  classNames?: string[];
}
