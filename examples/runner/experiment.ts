import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { RandomAffineOptions } from 'tfjs-ood';
import type { ImageSet, LabelledImages } from 'tfjs-ood/datasets';

/** Novelty: unseen classes of the same kind. Anomaly: something else (Masana et al. 2018). */
export type Kind = 'novelty' | 'anomaly';

/** Images that belong to no known class. */
export interface StrangeSet {
  name: string;
  kind: Kind;
  /** Whether training saw other images of the same classes. */
  seen: boolean;
  images: ImageSet;
}

/** All images of an experiment, of one size. */
export interface Sets {
  known: { train: LabelledImages; test: LabelledImages; classNames: readonly string[] };
  /** OoD images for training. */
  seenTrain: ImageSet;
  out: readonly StrangeSet[];
  /** What a person should know: images left out, say. */
  notes?: readonly string[];
}

/** What all methods of an experiment share: the same network, the same number of images, the same seeds. */
export interface Training {
  /** `outputs`: size of the embedding, or the number of classes. */
  network: (inputShape: readonly [number, number, number], outputs: number, seed: number) => LayersModel;
  embeddingSize: number;
  /** Images in a batch; half of the batches' rows are pairs of ODM. */
  batchSize: number;
  /** Of them OoD, where the method sees OoD images. */
  outShare: number;
  /** Share of the pairs of a batch that are drawn of one class. */
  similarRatio: number;
  steps: number;
  learningRate: number;
  /** Rows of each class in a batch that is balanced by classes; without it a batch is made of random pairs, as in the paper. */
  rowsPerClass?: number;
  /** How each image of each step is turned, scaled, moved (pixels), made brighter and stronger in contrast, by up to so much. */
  augment?: Omit<RandomAffineOptions, 'seed'> & { brightness: number; contrast: number };
  margin: number;
  positiveShare: number;
  /** Which pairs of two classes the loss's mean is over. */
  negatives: 'formed' | 'violating';
  /** Weight of the OoD images in the losses of classifiers. */
  outWeight: number;
}

/** An experiment is its images and its training. */
export interface Experiment {
  name: string;
  title: string;
  training: Training;
  seeds: number;
  load(folder: string | undefined, options?: Readonly<Record<string, unknown>>): Promise<Sets>;
}
