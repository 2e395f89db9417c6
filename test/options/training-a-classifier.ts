import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as ood from 'tfjs-ood';
import type { Rows } from './row';

await tf.setBackend('cpu');
const x = tf.keep<tf.Tensor2D>(tf.eye(2));
const images = tf.keep<tf.Tensor4D>(tf.zeros([1, 2, 2, 3]));
const prototypes = tf.variable<tf.Rank.R2>(tf.eye(2));
const y = [0, 1];

/** Batches, losses, miners and augmentations. */
export const training: Rows = {
  odmBatches: {
    call: (o: never) => ood.odmBatches(y, o),
    needed: { seed: 1 },
    given: { batchSize: 2, outEvery: 0 },
    slip: ['batchsize', 'batchSize'],
    runs: true,
  },
  classBalancedBatches: {
    call: (o: never) => ood.classBalancedBatches(y, o),
    needed: { seed: 1, classesPerBatch: 1, rowsPerClass: 1 },
    slip: ['classPerBatch', 'classesPerBatch'],
    runs: true,
  },
  contrastiveLoss: { call: (o: never) => ood.contrastiveLoss(y, x, o), slip: ['marign', 'margin'], runs: true },
  odmLoss: { call: (o: never) => ood.odmLoss(y, x, o), slip: ['positive_share', 'positiveShare'], runs: true },
  tripletLoss: { call: (o: never) => ood.tripletLoss(y, x, o), slip: ['pwoer', 'power'], runs: true },
  supervisedContrastiveLoss: {
    call: (o: never) => ood.supervisedContrastiveLoss(y, x, o),
    slip: ['temprature', 'temperature'],
    runs: true,
  },
  ciderLoss: {
    call: (o: never) => ood.ciderLoss(y, x, prototypes, o),
    slip: ['compactnes', 'compactness'],
    runs: true,
  },
  moveCiderPrototypes: {
    call: (o: never) => ood.moveCiderPrototypes(prototypes, y, x, o),
    slip: ['momentun', 'momentum'],
    runs: true,
  },
  proxyAnchorLoss: {
    call: (o: never) => ood.proxyAnchorLoss(y, x, prototypes, o),
    slip: ['sacle', 'scale'],
    runs: true,
  },
  centerLoss: { call: (o: never) => ood.centerLoss(y, x, prototypes, o), slip: ['margins', 'margin'], runs: true },
  classAnchorLoss: { call: (o: never) => ood.classAnchorLoss(y, x, o), slip: ['marign', 'margin'], runs: true },
  confidenceLoss: { call: (o: never) => ood.confidenceLoss(y, x, o), slip: ['wieght', 'weight'], runs: true },
  energyBoundedLoss: {
    call: (o: never) => ood.energyBoundedLoss(y, x, o),
    slip: ['outmargin', 'outMargin'],
    runs: true,
  },
  logitNormLoss: { call: (o: never) => ood.logitNormLoss(y, x, o), slip: ['tempature', 'temperature'], runs: true },
  outlierExposureLoss: { call: (o: never) => ood.outlierExposureLoss(y, x, o), slip: ['weigth', 'weight'], runs: true },
  embeddingMemory: {
    call: (o: never) => ood.embeddingMemory(o),
    needed: { capacity: 2 },
    slip: ['capacitiy', 'capacity'],
    runs: true,
  },
  distanceWeightedPairs: {
    call: (o: never) => ood.distanceWeightedPairs(o),
    slip: ['max_distance', 'maxDistance'],
    runs: true,
  },
  hardestOod: { call: (o: never) => ood.hardestOod(o), slip: ['shares', 'share'], runs: true },
  semiHardPairs: { call: (o: never) => ood.semiHardPairs(o), slip: ['wichPositive', 'whichPositive'], runs: true },
  violatingPairs: { call: (o: never) => ood.violatingPairs(o), slip: ['magrin', 'margin'], runs: true },
  flipHorizontal: {
    call: (o: never) => ood.flipHorizontal(images, o),
    needed: { seed: 1 },
    slip: ['probabilty', 'probability'],
    runs: true,
  },
  randomCrop: {
    call: (o: never) => ood.randomCrop(images, o),
    needed: { seed: 1 },
    given: { padding: 1 },
    slip: ['pading', 'padding'],
    runs: true,
  },
  randomAffine: {
    call: (o: never) => ood.randomAffine(images, o),
    needed: { seed: 1 },
    slip: ['rotation', 'rotate'],
    runs: true,
  },
  colorJitter: {
    call: (o: never) => ood.colorJitter(images, o),
    needed: { seed: 1 },
    slip: ['brigthness', 'brightness'],
    runs: true,
  },
  cutout: {
    call: (o: never) => ood.cutout(images, o),
    needed: { seed: 1, size: 1 },
    slip: ['sizes', 'size'],
    runs: true,
  },
};
