import * as tf from '@tensorflow/tfjs-core';
import * as ood from 'tfjs-ood';
import { asLayersLabels, asLayersLoss } from 'tfjs-ood/training';
import { images, LABELS, rows, type Places, type Thing } from './wrong-things';

const y = LABELS;
/** Whole labels of four rows; a tensor may be a column. */
const LABELS_THINGS = [
  'an array of labels',
  'an Int32Array of labels',
  'a tensor of labels',
  'a tensor of labels [4, 1]',
  'a tensor of booleans',
] as const satisfies readonly Thing[];
const ROWS_THINGS = ['a tensor of rows', 'a tensor of int32 [4, 2]'] as const satisfies readonly Thing[];
/** Rows of one whole number: right where nothing else says how wide rows are. */
const NARROW = ['a tensor of labels [4, 1]'] as const satisfies readonly Thing[];

const prototypes = tf.keep(tf.tensor2d([1, 0, 0, 1, 1, 1, 2, 1, 5, 4], [5, 2]));
const four = tf.keep(tf.slice(prototypes, 0, 4));
const variable = tf.variable(tf.tensor2d([1, 0, 0, 1], [2, 2]));

/** Of rows that are too narrow: classes that they have not, or what is wider. */
const WIDER = /^(labels|centers|prototypes|proxies)$/;

type Loss = (labels: ood.BatchLabels, rows: tf.Tensor2D) => unknown;
const lossOf = (
  name: string,
  call: Loss,
  embeddings = 'embeddings',
  other: readonly Thing[] = [],
  also = WIDER,
): Places => ({
  [`${name}.labels`]: { call: (v) => call(v, rows), right: y, same: LABELS_THINGS },
  [`${name}.${embeddings}`]: { call: (v) => call(y, v), right: rows, same: ROWS_THINGS, other, also },
});
const centersOf = (name: string, what: string, call: (centers: tf.Tensor2D) => unknown): Places => ({
  [`${name}.${what}`]: { call, right: rows, same: ROWS_THINGS },
});
const memory = () => ood.embeddingMemory({ capacity: 8 });
const filled = memory();
filled.add(y, rows);
const columns = {
  squares: tf.keep(tf.zeros<tf.Rank.R2>([4, 4])),
  columnLabels: tf.keep(tf.tensor2d(y, [1, 4], 'int32')),
};

const augmenting = (name: string, call: (images: tf.Tensor4D) => unknown): Places => ({
  [`${name}.images`]: { call, right: images, same: ['a tensor of images'] },
});

const MINED: Thing[] = ['a function'];
const batches = (name: string, call: (labels: never) => unknown): Places => ({
  [`${name}.labelList`]: {
    call,
    right: y,
    same: ['an array of labels', 'an Int32Array of labels'],
    other: ['a Float32Array of rows', 'bytes'],
    what: 'labels',
  },
});

/** Losses, memories, batches and augmentations. */
export const learning: Places = {
  ...lossOf('contrastiveLoss', ood.contrastiveLoss, 'embeddings', NARROW),
  ...lossOf('odmLoss', ood.odmLoss, 'embeddings', NARROW),
  ...lossOf('tripletLoss', ood.tripletLoss, 'embeddings', NARROW),
  ...lossOf('supervisedContrastiveLoss', ood.supervisedContrastiveLoss, 'embeddings', NARROW),
  ...lossOf('centerLoss', (a, b) => ood.centerLoss(a, b, four)),
  ...centersOf('centerLoss', 'centers', (v) => ood.centerLoss(y, rows, v)),
  ...lossOf('ciderLoss', (a, b) => ood.ciderLoss(a, b, four)),
  ...centersOf('ciderLoss', 'prototypes', (v) => ood.ciderLoss(y, rows, v)),
  ...lossOf('proxyAnchorLoss', (a, b) => ood.proxyAnchorLoss(a, b, four)),
  ...centersOf('proxyAnchorLoss', 'proxies', (v) => ood.proxyAnchorLoss(y, rows, v)),
  ...lossOf('moveCiderPrototypes', (a, b) => ood.moveCiderPrototypes(variable, a, b)),
  'moveCiderPrototypes.prototypes': { call: (v) => ood.moveCiderPrototypes(v, y, rows), right: variable },
  ...lossOf('classAnchorLoss', ood.classAnchorLoss, 'logits'),
  ...lossOf('outlierExposureLoss', ood.outlierExposureLoss, 'logits'),
  ...lossOf('confidenceLoss', ood.confidenceLoss, 'logits'),
  ...lossOf('energyBoundedLoss', ood.energyBoundedLoss, 'logits'),
  ...lossOf('logitNormLoss', ood.logitNormLoss, 'logits'),
  ...lossOf('EmbeddingMemory.add', (a, b) => memory().add(a, b), 'embeddings', NARROW),
  'EmbeddingMemory.extend.columns': { call: (v) => filled.extend(v, rows), right: columns },
  'EmbeddingMemory.extend.embeddings': {
    call: (v) => filled.extend(columns, v),
    right: rows,
    same: ROWS_THINGS,
  },
  'pairwiseDistances.embeddings': { call: ood.pairwiseDistances, right: rows, same: ROWS_THINGS, other: NARROW },
  'pairwiseSquaredDistances.embeddings': {
    call: ood.pairwiseSquaredDistances,
    right: rows,
    same: ROWS_THINGS,
    other: NARROW,
  },
  'unitRows.embeddings': { call: ood.unitRows, right: rows, same: ROWS_THINGS, other: NARROW },
  'tripletsOf.miner': { call: ood.tripletsOf, right: ood.hardestPairs(), other: MINED },
  'contrastiveLoss.options.memory': {
    call: (v) => ood.contrastiveLoss(y, rows, { pairs: 'all', memory: v }),
    right: filled,
    what: 'memory',
    other: ['undefined'],
  },
  'odmLoss.options.memory': {
    call: (v) => ood.odmLoss(y, rows, { pairs: 'all', memory: v }),
    right: filled,
    what: 'memory',
    other: ['undefined'],
  },
  'tripletLoss.options.memory': {
    call: (v) => ood.tripletLoss(y, rows, { memory: v }),
    right: filled,
    what: 'memory',
    other: ['undefined'],
  },
  ...batches('odmBatches', (v) => ood.odmBatches(v, { seed: 1, batchSize: 2, outEvery: 0 }).next()),
  ...batches('classBalancedBatches', (v) =>
    ood.classBalancedBatches(v, { seed: 1, classesPerBatch: 2, rowsPerClass: 1 }).next(),
  ),
  'asLayersLabels.labels': {
    call: (v) => asLayersLabels(v, 2),
    right: y,
    same: ['an array of labels', 'an Int32Array of labels'],
    other: ['no element', 'a Float32Array of rows', 'bytes'],
  },
  'asLayersLabels.embeddingSize': { call: (v) => asLayersLabels([0, 1], v), right: 2, other: ['a number'] },
  'asLayersLoss.loss': { call: (v) => asLayersLoss(v), right: ood.odmLoss, other: MINED },
  ...augmenting('flipHorizontal', (v) => ood.flipHorizontal(v, { seed: 1 })),
  ...augmenting('randomCrop', (v) => ood.randomCrop(v, { seed: 1, padding: 1 })),
  ...augmenting('randomAffine', (v) => ood.randomAffine(v, { seed: 1, shift: 1 })),
  ...augmenting('colorJitter', (v) => ood.colorJitter(v, { seed: 1 })),
  ...augmenting('cutout', (v) => ood.cutout(v, { seed: 1, size: 1 })),
};

/** Losses, to be called with their arguments swapped. */
export const swapped: Readonly<Record<string, Loss>> = {
  contrastiveLoss: ood.contrastiveLoss,
  odmLoss: ood.odmLoss,
  tripletLoss: ood.tripletLoss,
  supervisedContrastiveLoss: ood.supervisedContrastiveLoss,
  classAnchorLoss: ood.classAnchorLoss,
  outlierExposureLoss: ood.outlierExposureLoss,
  confidenceLoss: ood.confidenceLoss,
  energyBoundedLoss: ood.energyBoundedLoss,
  logitNormLoss: ood.logitNormLoss,
  'EmbeddingMemory.add': (a, b) => memory().add(a, b),
};
