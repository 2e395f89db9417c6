import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { confidenceLoss, contrastiveLoss, odmLoss, outlierExposureLoss, unitRows, violatingPairs } from 'tfjs-ood';
import { energy, mahalanobis, msp, nearestNeighbors, odin } from 'tfjs-ood/scorers';
import type { DetectorOptions } from 'tfjs-ood/detector';
import type { Training } from './experiment';

type Loss = (labels: Tensor1D | readonly number[], outputs: Tensor2D) => ReturnType<typeof odmLoss>;

/** A way to train the network, and the scorers that are put around it. */
export interface Method {
  name: string;
  title: string;
  /** Whether training sees OoD images. */
  seesOod: boolean;
  /** `classes`: the network ends with logits; `embedding`: with an embedding, and the nearest class mean decides. */
  outputs: 'classes' | 'embedding';
  loss: (training: Training) => Loss;
  /** Of a classifier; an embedding is scored by the distance to the nearest class mean. */
  scorers: Readonly<Record<string, () => DetectorOptions['scorer']>>;
}

const pairs = ({ pairs = 'all', power = 2, margin, positiveShare, negatives }: Training) => ({
  pairs,
  power,
  margin,
  positiveShare,
  miner: negatives === 'violating' ? violatingPairs({ margin }) : undefined,
});

const scaled = ({ unitLength }: Training, embeddings: Tensor2D) => (unitLength ? unitRows(embeddings) : embeddings);

export const methods: readonly Method[] = [
  {
    name: 'odm',
    title: 'ODM',
    seesOod: true,
    outputs: 'embedding',
    loss: (training) => (labels, embeddings) => odmLoss(labels, scaled(training, embeddings), pairs(training)),
    scorers: {},
  },
  {
    name: 'contrastive',
    title: 'metric learning',
    seesOod: false,
    outputs: 'embedding',
    loss: (training) => (labels, embeddings) => contrastiveLoss(labels, scaled(training, embeddings), pairs(training)),
    scorers: {},
  },
  {
    name: 'cross-entropy',
    title: 'cross-entropy',
    seesOod: false,
    outputs: 'classes',
    // Without OoD rows this is the cross-entropy alone.
    loss: () => (labels, logits) => outlierExposureLoss(labels, logits, { weight: 0 }),
    scorers: {
      MSP: () => msp(),
      ODIN: () => odin(),
      energy: () => energy(),
      Mahalanobis: () => mahalanobis(),
      kNN: () => nearestNeighbors({ k: 10 }),
    },
  },
  {
    name: 'confidence',
    title: 'confidence loss',
    seesOod: true,
    outputs: 'classes',
    loss:
      ({ outWeight }) =>
      (labels, logits) =>
        confidenceLoss(labels, logits, { weight: 2 * outWeight }),
    scorers: { MSP: () => msp() },
  },
  {
    name: 'outlier-exposure',
    title: 'outlier exposure',
    seesOod: true,
    outputs: 'classes',
    loss:
      ({ outWeight }) =>
      (labels, logits) =>
        outlierExposureLoss(labels, logits, { weight: outWeight }),
    scorers: { MSP: () => msp(), energy: () => energy() },
  },
];
