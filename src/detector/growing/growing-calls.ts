import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { Embeddings } from '../../tensors/embeddings';
import type { DetectorEvaluationOptions, EvaluatedRows } from '../evaluation/detector-evaluation';
import type { KnownLabels } from '../known/known-labels';
import type { GrowingLabel } from './growing-labels';

/** Features of one image, or of several: [D] or [N, D]; a tensor, or numbers from any runtime. */
export type GrowingFeatures =
  Embeddings | Tensor1D | { readonly data: Float32Array; readonly shape: readonly [number] };

/** What a growing detector can say now. */
export interface GrowingCalibration {
  /** Rows that there are. */
  count: number;
  /** The smallest false-alarm rate that they allow, 1 / (count + 1); 1 where they are not more than k. */
  smallestAlpha: number;
  /** Whether they are enough for the detector's own rate. */
  canAlarm: boolean;
}

/** Options of the calls of a growing detector. */
export interface GrowingOptions {
  /** Gives it up: the call rejects with its reason, and all is as it was before. */
  signal?: AbortSignal;
}

/** Options of `predict` of a growing detector. */
export interface GrowingPredictOptions extends GrowingOptions {
  /** False-alarm rate of this call, by default that of the detector. */
  alpha?: number;
}

/** Options of `evaluate` of a growing detector: those of other detectors, with a rate in place of a cut-point. */
export type GrowingEvaluationOptions = GrowingPredictOptions & Pick<DetectorEvaluationOptions, 'confidence'>;

type KnownFeatures = GrowingFeatures | { readonly features: GrowingFeatures; readonly labels?: KnownLabels };

/** Features of known images and of sets of strange ones, each at once or block by block. */
export type FeaturesToEvaluate = EvaluatedRows<
  KnownFeatures | AsyncIterable<KnownFeatures>,
  GrowingFeatures | AsyncIterable<GrowingFeatures>
>;

/** What a growing detector says of one image. */
export interface GrowingVerdict {
  /** The label, or `'unknown'` where `isOod`. */
  answer: GrowingLabel;
  /** The label that most of the nearest rows have, whether it is known or not; of equally many that of the nearest. */
  label: GrowingLabel;
  /** Share of the nearest rows that have each label. */
  confidences: Readonly<Record<string, number>>;
  /** Distance to the k-th nearest row; higher = more out of distribution. */
  score: number;
  /** Share of the rows and this one that are at least as strange. */
  pValue: number;
  isOod: boolean;
}
