import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { RandomAffineOptions } from 'tfjs-ood';
import type { Json } from 'tfjs-ood/metrics';
import type { ImageSet, LabeledImages } from 'tfjs-ood/datasets';

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
  known: {
    /** `known` by default. */
    name?: string;
    train: LabeledImages;
    test: LabeledImages;
    classNames: readonly string[];
  };
  /** OoD images for training. */
  seenTrain: ImageSet;
  out: readonly StrangeSet[];
  /** What a person should know: images left out, say. */
  notes?: readonly string[];
}

/** All test sets by their names, the known one first. */
export const testSets = ({ known, out }: Sets): { name: string; images: ImageSet }[] => [
  { name: known.name ?? 'known', images: known.test },
  ...out,
];

/** What all methods of an experiment share: the same network, the same number of images, the same seeds. */
export interface Training {
  /** `outputs`: size of the embedding, or the number of classes. */
  network: (inputShape: readonly [number, number, number], outputs: number, seed: number) => LayersModel;
  embeddingSize: number;
  /** Images in a batch; half of the batches' rows are pairs of ODM. */
  batchSize: number;
  /** Most images that go through the network at once; all of a batch by default. */
  partSize?: number;
  /** Of them OoD, where the method sees OoD images. */
  outShare: number;
  /** Every how many batches one has OoD images: 1 by default. */
  outEvery?: number;
  /** Share of the pairs of a batch that are drawn of one class. */
  similarShare: number;
  /** A checkpoint is written after each, and the learning rate may fall. */
  epochs: number;
  /** 0: all known images once. */
  stepsPerEpoch: number;
  learningRate: number;
  /**
   * Rows of each class in a batch that is balanced by classes; without it a batch is made of random pairs, as in the
   * paper.
   */
  rowsPerClass?: number;
  /**
   * How each image of each step is turned, scaled, moved (pixels), made brighter and stronger in contrast, by up to so
   * much.
   */
  augment?: Omit<RandomAffineOptions, 'seed'> & { brightness: number; contrast: number };
  /**
   * Numbers of epochs after which the learning rate falls, or `'cosine'`: a third of it in the first epoch, then down
   * along a cosine. By default it falls by degrees in the second half of the training.
   */
  decayAfter?: readonly number[] | 'cosine';
  /** What the learning rate is multiplied by after each of them: 0.1 by default. */
  decayFactor?: number;
  /** 1e-4 by default. */
  weightDecay?: number;
  /** Of the losses of pairs: all pairs of a batch, or the left half against the right; all by default. */
  pairs?: 'all' | 'halves';
  /** Squared distances or distances as they are; 2 by default. */
  power?: 1 | 2;
  /** Embeddings are scaled to length 1, in the loss and where they are scored. */
  unitLength?: boolean;
  /**
   * What the network makes of a test image is the mean over it and its views, moved by so many pixels in eight
   * directions; 0: it alone.
   */
  viewShift?: number;
  margin: number;
  positiveShare: number;
  /** Which pairs of two classes the mean over all pairs is over: all by default, or those nearer than the margin. */
  negatives?: 'formed' | 'violating';
  /** Weight of the OoD images in the losses of classifiers. */
  outWeight: number;
}

/** What the command line gives: options of every experiment and, under their names, those of this one. */
export interface RunOptions extends Readonly<Record<string, unknown>> {
  data?: string;
  seed: number;
}

/** What can be said of an experiment before the command line is read. */
export interface Headline {
  name: string;
  title: string;
  /** Trainings of each method. */
  seeds: number;
  /** Methods that are compared, where the command line names none: all by default. */
  methods?: readonly string[];
  /** Options of a call that makes sense. */
  example: string;
  /** Its numbers, where they do not follow from the command line. */
  training?: Training;
}

/** An experiment is its images and its training. */
export interface Experiment extends Headline {
  training: Training;
  /** What decides the results besides the training: a run folder keeps it, and goes on under the same alone. */
  about?: Readonly<Record<string, Json>>;
  /** The images, by default those below the folder `data`. */
  load(folder: string | undefined): Promise<Sets>;
}

/** An experiment whose images or networks follow from options of its own. */
export interface ExperimentByOptions extends Headline {
  choose(options: RunOptions): Promise<Experiment>;
}
