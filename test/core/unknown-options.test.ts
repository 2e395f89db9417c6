import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as ood from 'tfjs-ood';
import { ArgumentError } from 'tfjs-ood';

let x: tf.Tensor2D;
let images: tf.Tensor4D;
let prototypes: tf.Variable<tf.Rank.R2>;
beforeAll(async () => {
  await tf.setBackend('cpu');
  x = tf.tensor2d([[1, 0], [0, 1]]); // prettier-ignore
  images = tf.zeros([1, 2, 2, 3]);
  prototypes = tf.variable(tf.eye(2));
});
afterAll(() => {
  tf.dispose([x, images]);
  prototypes.dispose();
});

const y = [0, 1];
const required = {
  odm: { seed: 1, batchSize: 2, outEvery: 0 },
  balanced: { seed: 1, classesPerBatch: 1, rowsPerClass: 1 },
};

/** Every function of the main entry here that takes options: how it is called, a slip in one, and what was meant. */
const FUNCTIONS: Record<string, [call: (options: never) => unknown, given: object, typo: string, meant: string]> = {
  odmBatches: [(o) => ood.odmBatches(y, o), required.odm, 'batchsize', 'batchSize'],
  classBalancedBatches: [(o) => ood.classBalancedBatches(y, o), required.balanced, 'classPerBatch', 'classesPerBatch'],
  contrastiveLoss: [(o) => ood.contrastiveLoss(y, x, o), {}, 'marign', 'margin'],
  odmLoss: [(o) => ood.odmLoss(y, x, o), {}, 'positive_share', 'positiveShare'],
  tripletLoss: [(o) => ood.tripletLoss(y, x, o), {}, 'pwoer', 'power'],
  supervisedContrastiveLoss: [(o) => ood.supervisedContrastiveLoss(y, x, o), {}, 'temprature', 'temperature'],
  ciderLoss: [(o) => ood.ciderLoss(y, x, prototypes, o), {}, 'compactnes', 'compactness'],
  moveCiderPrototypes: [(o) => ood.moveCiderPrototypes(prototypes, y, x, o), {}, 'momentun', 'momentum'],
  proxyAnchorLoss: [(o) => ood.proxyAnchorLoss(y, x, prototypes, o), {}, 'sacle', 'scale'],
  centerLoss: [(o) => ood.centerLoss(y, x, prototypes, o), {}, 'margins', 'margin'],
  classAnchorLoss: [(o) => ood.classAnchorLoss(y, x, o), {}, 'marign', 'margin'],
  confidenceLoss: [(o) => ood.confidenceLoss(y, x, o), {}, 'wieght', 'weight'],
  energyBoundedLoss: [(o) => ood.energyBoundedLoss(y, x, o), {}, 'outmargin', 'outMargin'],
  logitNormLoss: [(o) => ood.logitNormLoss(y, x, o), {}, 'tempature', 'temperature'],
  outlierExposureLoss: [(o) => ood.outlierExposureLoss(y, x, o), {}, 'weigth', 'weight'],
  embeddingMemory: [(o) => ood.embeddingMemory(o), { capacity: 2 }, 'capacitiy', 'capacity'],
  distanceWeightedPairs: [(o) => ood.distanceWeightedPairs(o), {}, 'max_distance', 'maxDistance'],
  hardestOod: [(o) => ood.hardestOod(o), {}, 'shares', 'share'],
  semiHardPairs: [(o) => ood.semiHardPairs(o), {}, 'wichPositive', 'whichPositive'],
  violatingPairs: [(o) => ood.violatingPairs(o), {}, 'magrin', 'margin'],
  flipHorizontal: [(o) => ood.flipHorizontal(images, o), { seed: 1 }, 'probabilty', 'probability'],
  randomCrop: [(o) => ood.randomCrop(images, o), { seed: 1, padding: 1 }, 'pading', 'padding'],
  randomAffine: [(o) => ood.randomAffine(images, o), { seed: 1 }, 'rotation', 'rotate'],
  colorJitter: [(o) => ood.colorJitter(images, o), { seed: 1 }, 'brigthness', 'brightness'],
  cutout: [(o) => ood.cutout(images, o), { seed: 1, size: 1 }, 'sizes', 'size'],
};

test.each(Object.entries(FUNCTIONS))('%s refuses an option that it has not', (name, [call, given, typo, meant]) => {
  const taken = (options: unknown) => tf.tidy(() => void call(options as never));
  expect(() => taken({ ...given })).not.toThrow();
  const before = tf.memory().numTensors;
  const slip = () => taken({ ...given, [typo]: undefined });
  expect(slip).toThrow(ArgumentError);
  expect(slip).toThrow(`${name}: options must be without ${typo} (${meant}?), got {`);
  for (const none of [null, 5, 'margin', true]) {
    expect(() => taken(none)).toThrow(ArgumentError);
    expect(() => taken(none)).toThrow(`${name}: options must be an object, got ${String(none)}`);
  }
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  ['odmBatches', 'seed', () => ood.odmBatches(y, {} as never)],
  ['odmBatches', 'seed', () => ood.odmBatches(y, undefined as never)],
  ['classBalancedBatches', 'rowsPerClass', () => ood.classBalancedBatches(y, { seed: 1, classesPerBatch: 1 } as never)],
  ['embeddingMemory', 'capacity', () => ood.embeddingMemory({} as never)],
  ['embeddingMemory', 'capacity', () => ood.embeddingMemory(undefined as never)],
  ['flipHorizontal', 'seed', () => ood.flipHorizontal(images, {} as never)],
  ['randomCrop', 'seed', () => ood.randomCrop(images, { padding: 1 } as never)],
  ['randomAffine', 'seed', () => ood.randomAffine(images, undefined as never)],
  ['colorJitter', 'seed', () => ood.colorJitter(images, {} as never)],
  ['cutout', 'seed', () => ood.cutout(images, { size: 1 } as never)],
  ['cutout', 'size', () => ood.cutout(images, { seed: 1 } as never)],
])('%s asks for %s', (name, option, call) => {
  expect(call).toThrow(ArgumentError);
  expect(call).toThrow(new RegExp(`^${name}: ${option} must be .*, got undefined$`));
});
