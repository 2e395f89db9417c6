import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as detectors from 'tfjs-ood/detector';
import * as scorers from 'tfjs-ood/scorers';
import { smallModel } from '../training/small-model';
import type { Rows } from './row';

await tf.setBackend('cpu');
const model = smallModel();
const known = { images: Uint8Array.from({ length: 160 }, (_, i) => (i * 37) % 256), shape: [40, 2, 2, 1] as const };
const labels = Array.from({ length: 40 }, (_, i) => i % 2);
const rows = { data: Float32Array.from({ length: 80 }, (_, i) => Math.sin(i) * 4), shape: [40, 2] as const };
const outputs = { features: rows, logits: rows, labels };
const scorer = scorers.energy();
const options = { scorer, alpha: 0.2 };
const ofImages = await detectors.fitDetector(model, { images: known, labels }, options);
const ofOutputs = await detectors.fitOutputDetector(outputs, options);
const grown = detectors.growingDetector();
await grown.add(rows, labels);
const oneRow = { data: Float32Array.of(1, 2), shape: [1, 2] as const };
const twoLabels = detectors.growingDetector();
await twoLabels.add(oneRow, 'a');
const part = await scorers.nearestNeighbors().partial();
const threeRows = await scorers.nearestNeighbors({ k: 3 }).partial();
const three = { data: Float32Array.of(1, 2, 3), shape: [3, 1] as const };
await threeRows.add({ features: three }, { ids: [1, 2, 3] });
class Graph {}
const blocks = [outputs];

const COUNT = ['a whole number from 1', 0, 1.5, NaN, '3', null] as const;
const SHARE = ['a share between 0 and 1, both excluded', 0, 1, NaN, '0.5', null] as const;
const POSITIVE = ['a number above 0', 0, -1, NaN, Infinity, '1', null] as const;
const NOT_NEGATIVE = ['a number from 0', -1e-9, NaN, Infinity, '1', null] as const;
const INTEGER = ['a whole number', 0.5, NaN, '7', null] as const;
const INDEX = ['a whole number from 0', -1, 0.5, '3', null] as const;
const FUNCTION = ['a function', 1, 'f', {}, null] as const;
const METHOD = ['a method such as mahalanobis()', 5, 'energy', {}, null] as const;
const NAMES = ['a list of names', 5, 'a', [1], null] as const;
const ABOVE_0 = ['a share above 0 and at most 1', 0, 1.5, NaN, '0.5', null] as const;
const SHARD = ['a name or a number', {}, true, NaN, null] as const;
const TEXT = ['a string', 5, {}, null] as const;
const WORDS = (...words: string[]) => [`one of ${words.join(', ')}`, 'medium', 1, null] as const;

const blockSize = COUNT;
const input = [
  "'0..1', '-1..1', '0..255', { scale, offset } (or { range }, with a size: [height, width] and a fit: 'fill', 'cover' " +
    "or 'contain'), or a function of pixels",
  '0..2',
  'toString',
  {},
  { range: '0..1', scale: 1 },
  { scale: [] },
  { scale: NaN },
  { offset: '1' },
  { scale: [1, 2], offset: [1, 2, 3] },
  { size: [4] },
  { size: [4, 0] },
  { fit: 'cover' },
  { size: [4, 4], fit: 'crop' },
  { range: '0..1', sise: [4, 4] },
  [0, 1],
  null,
] as const;
const metadata = [
  "the parsed metadata.json of Teachable Machine: { packageName: '@teachablemachine/image', labels }, or of audio " +
    '{ wordLabels }',
  'metadata.json',
  {},
  { labels: ['a'] },
  { packageName: '@teachablemachine/image', labels: 'a' },
  null,
] as const;
const signal = ['an AbortSignal', {}, { aborted: false }, 1, null] as const;
const YES_OR_NO = ['true or false', 1, 'yes', null] as const;
const fitted = {
  scorer: METHOD,
  alpha: SHARE,
  classNames: NAMES,
  calibrationShare: SHARE,
  calibration: WORDS('held-out', 'cross'),
  folds: ['a whole number from 2', 1, 2.5, '3', null],
  confidence: SHARE,
  labelSets: ['true, or { alpha, method, share }', 5, 'x', [], null],
  acceptNoAlarm: YES_OR_NO,
  seed: INTEGER,
  blockSize,
  onProgress: FUNCTION,
  signal,
} as const;

const RECORD = ['an object', 5, [], null] as const;
const compared = {
  strange: RECORD,
  scorers: RECORD,
  only: ['a list of at least one name', 5, 'energy', [1], [], null],
  proxies: YES_OR_NO,
  maxClasses: COUNT,
  heldOutShare: SHARE,
  confidence: SHARE,
  seed: INTEGER,
  classNames: NAMES,
  onProgress: FUNCTION,
  signal,
} as const;

const loaded = { scorer: METHOD, methods: ['methods by kind, such as scorerMethods', 5, [], null] } as const;

const gaussian = {
  slip: ['covarience', 'covariance'],
  rules: {
    covariance: ['one of oas, ledoit-wolf, empirical', 'medium', 1, null],
    normalize: WORDS('none', 'length'),
    blockSize,
  },
  runs: true,
} as const;
const mine = {
  needs: ['features'],
  fitNeeds: [],
  options: { power: [{ expected: 'a number above 0', holds: (power: number) => power > 0 }, 1] },
  fitted: {},
  fit: () => ({}),
  score: () => ({ scoresOf: () => [] }),
} as const;

/** Scorers and detectors; of each option its rule too. */
export const detecting: Rows = {
  energy: { call: scorers.energy, slip: ['temprature', 'temperature'], rules: { temperature: POSITIVE }, runs: true },
  msp: { call: scorers.msp, slip: ['Temperature', 'temperature'], rules: { temperature: POSITIVE }, runs: true },
  entropy: { call: scorers.entropy, slip: ['temperature'], runs: true },
  maxLogit: { call: scorers.maxLogit, slip: ['temperature'], runs: true },
  jointEnergy: { call: scorers.jointEnergy, slip: ['temperature'], runs: true },
  klMatching: { call: scorers.klMatching, slip: ['blockSize'], runs: true },
  gen: {
    call: scorers.gen,
    slip: ['gama', 'gamma'],
    rules: { gamma: ['a share above 0 and at most 1', 0, 2, null], m: COUNT },
    runs: true,
  },
  odin: {
    call: scorers.odin,
    slip: ['epsilom', 'epsilon'],
    rules: { temperature: POSITIVE, epsilon: NOT_NEGATIVE, blockSize },
    runs: true,
  },
  ash: {
    call: scorers.ash,
    slip: ['percentil', 'percentile'],
    rules: { variant: WORDS('s', 'b', 'p'), percentile: SHARE, blockSize },
    runs: true,
  },
  scale: { call: scorers.scale, slip: ['percent', 'percentile'], rules: { percentile: SHARE, blockSize }, runs: true },
  react: {
    call: scorers.react,
    slip: ['than', 'then'],
    rules: { percentile: SHARE, then: WORDS('energy', 'msp', 'max-logit'), blockSize },
    runs: true,
  },
  fdbd: { call: scorers.fdbd, slip: ['blocksize', 'blockSize'], rules: { blockSize }, runs: true },
  she: { call: scorers.she, slip: ['block', 'blockSize'], rules: { blockSize }, runs: true },
  residual: {
    call: scorers.residual,
    slip: ['dimensions', 'dimension'],
    rules: { dimension: INDEX, blockSize },
    runs: true,
  },
  vim: {
    call: scorers.vim,
    slip: ['dim', 'dimension'],
    rules: { dimension: INDEX, sampleSize: COUNT, seed: INTEGER, blockSize },
    runs: true,
  },
  mahalanobis: { call: scorers.mahalanobis, ...gaussian },
  relativeMahalanobis: { call: scorers.relativeMahalanobis, ...gaussian },
  classGaussians: { call: scorers.classGaussians, ...gaussian },
  nearestClassMean: {
    call: scorers.nearestClassMean,
    slip: ['metric', 'distance'],
    rules: { distance: WORDS('euclidean', 'cosine'), blockSize },
    runs: true,
  },
  nearestNeighbors: {
    call: scorers.nearestNeighbors,
    slip: ['normalise', 'normalize'],
    rules: {
      k: COUNT,
      normalize: WORDS('length', 'none'),
      use: WORDS('kth', 'mean'),
      bankSize: ['a whole number from k = 50', 49, 1.5, null],
      seed: INTEGER,
      blockSize,
      index: ['an index such as hnswIndex(library)', 'hnsw', {}, null],
    },
    runs: true,
  },
  nnGuide: {
    call: scorers.nnGuide,
    slip: ['banksize', 'bankSize'],
    rules: { k: COUNT, bankSize: COUNT, seed: INTEGER, blockSize },
    runs: true,
  },
  ensemble: {
    call: scorers.ensemble,
    before: [[scorer]],
    slip: ['combined', 'combine'],
    rules: { combine: WORDS('fisher', 'max'), calibrationShare: SHARE, seed: INTEGER },
    runs: true,
  },
  hnswIndex: {
    call: scorers.hnswIndex,
    before: [{ HierarchicalNSW: Graph }],
    slip: ['efsearch', 'efSearch'],
    rules: { m: ['a whole number from 2', 1, 2.5, null], efConstruction: COUNT, efSearch: COUNT, seed: INDEX },
    runs: true,
  },
  defineScorer: {
    call: (given: { power?: number }) => scorers.defineScorer('mine', given, mine),
    slip: ['pwoer', 'power'],
    rules: { power: ['a number above 0', 0, 'x', null] },
    where: 'mine',
    runs: true,
  },
  calibrationRows: {
    call: scorers.calibrationRows,
    before: [[1, 2, 3]],
    needed: { share: 0.5 },
    slip: ['shares', 'share'],
    rules: { share: ABOVE_0, seed: INTEGER },
    runs: true,
  },
  partialCalibration: {
    call: scorers.partialCalibration,
    before: [scorer],
    needed: { share: 0.5 },
    slip: ['atmost', 'atMost'],
    rules: { share: ABOVE_0, seed: INTEGER, atMost: COUNT, blockSize },
    runs: true,
  },
  'PartialCalibration.add': {
    call: scorers.partialCalibration(scorer, { share: 0.5 }).add,
    before: [outputs],
    given: { ids: Array.from({ length: 40 }, (_, i) => i) },
    slip: ['id', 'ids'],
    rules: { shard: SHARD, signal },
    where: 'partialCalibration.add',
  },
  'PartialCalibration.merge': {
    call: scorers.partialCalibration(scorer, { share: 0.5 }).merge,
    before: [scorers.partialCalibration(scorer, { share: 0.5 }).toBytes()],
    slip: ['names', 'name'],
    rules: { name: TEXT, signal },
    where: 'partialCalibration.merge',
    runs: true,
  },
  'PartialCalls.partial': {
    call: scorers.nearestNeighbors().partial,
    slip: ['calibrationshare', 'calibrationShare'],
    rules: { calibrationShare: ['a share from 0, below 1', 1, -1, NaN, '0.5', null], seed: INTEGER },
    where: 'nearestNeighbors.partial',
    runs: true,
  },
  'PartialCalls.partialFrom': {
    call: scorers.nearestNeighbors().partialFrom,
    before: [part.toBytes()],
    slip: ['nam', 'name'],
    rules: { name: TEXT, signal },
    where: 'nearestNeighbors.partialFrom',
    runs: true,
  },
  'PartialCalls.fromPartial': {
    call: scorers.nearestNeighbors({ k: 3 }).fromPartial,
    before: [threeRows.toBytes()],
    slip: ['signals', 'signal'],
    rules: { name: TEXT, signal },
    where: 'nearestNeighbors.fromPartial',
    runs: true,
  },
  'PartialFit.add': {
    call: part.add,
    before: [outputs],
    given: { ids: Array.from({ length: 40 }, (_, i) => i) },
    slip: ['shards', 'shard'],
    rules: { shard: SHARD, signal },
    where: 'nearestNeighbors.partial.add',
  },
  'PartialFit.merge': {
    call: part.merge,
    before: [part.toBytes()],
    slip: ['names', 'name'],
    rules: { name: TEXT, signal },
    where: 'nearestNeighbors.partial.merge',
    runs: true,
  },
  'ScorerMethod.fit': {
    call: scorers.nnGuide({ k: 1 }).fit,
    before: [blocks],
    slip: ['onprogress', 'onProgress'],
    rules: { onProgress: FUNCTION, signal },
    where: 'nnGuide',
  },
  'ReadyScorer.fit': {
    call: scorer.fit,
    before: [blocks],
    slip: ['progress', 'onProgress'],
    rules: { onProgress: FUNCTION, signal },
    where: 'energy',
  },
  'NearestClassMean.fit': {
    call: scorers.nearestClassMean().fit,
    before: [blocks],
    slip: ['on', 'onProgress'],
    rules: { onProgress: FUNCTION, signal },
    where: 'nearestClassMean',
  },
  compareScorers: {
    call: detectors.compareScorers,
    before: [model, { images: known, labels }],
    given: { only: ['energy'] },
    slip: ['strnge', 'strange'],
    rules: {
      ...compared,
      features: TEXT,
      logits: TEXT,
      output: TEXT,
      pool: ['average', 'max', 1, null],
      input,
      metadata,
      blockSize,
    },
    runs: true,
  },
  compareOutputScorers: {
    call: detectors.compareOutputScorers,
    before: [outputs],
    given: { only: ['energy'] },
    slip: ['meanings', 'meaning'],
    rules: { ...compared, meaning: WORDS('classes', 'tags') },
    runs: true,
  },
  calibratedOutputDetector: {
    call: detectors.calibratedOutputDetector,
    before: [scorer, Array.from({ length: 40 }, (_, i) => i)],
    slip: ['aplha', 'alpha'],
    rules: {
      alpha: SHARE,
      classNames: NAMES,
      confidence: SHARE,
      acceptNoAlarm: YES_OR_NO,
      meaning: WORDS('classes', 'tags'),
    },
    runs: true,
  },
  fitDetector: {
    call: detectors.fitDetector,
    before: [model, { images: known, labels }],
    needed: { scorer },
    slip: ['aplha', 'alpha'],
    rules: { ...fitted, features: TEXT, logits: TEXT, output: TEXT, pool: ['average', 'max', null], input, metadata },
  },
  fitOutputDetector: {
    call: detectors.fitOutputDetector,
    before: [outputs],
    needed: { scorer },
    slip: ['cutPoint', 'cutPoints'],
    rules: { ...fitted, logitsOf: FUNCTION, meaning: WORDS('classes', 'tags') },
  },
  loadDetector: {
    call: detectors.loadDetector,
    before: [model, ofImages.toBytes()],
    slip: ['scoring', 'scorer'],
    rules: { ...loaded, blockSize, input, signal },
  },
  loadOutputDetector: {
    call: detectors.loadOutputDetector,
    before: [ofOutputs.toBytes()],
    slip: ['method', 'methods'],
    rules: { ...loaded, logitsOf: FUNCTION },
  },
  'Detector.evaluate': {
    call: ofImages.evaluate,
    before: [{ known, strange: { other: known } }],
    slip: ['cutpoint', 'cutPoint'],
    rules: { confidence: SHARE, signal },
  },
  'OutputDetector.evaluate': {
    call: ofOutputs.evaluate,
    before: [{ known: outputs, strange: { other: outputs } }],
    slip: ['confidance', 'confidence'],
    rules: { confidence: SHARE, signal },
    where: 'fitOutputDetector.evaluate',
  },
  'GrowingDetector.evaluate': {
    call: grown.evaluate,
    before: [{ known: rows, strange: { other: rows } }],
    slip: ['aplha', 'alpha'],
    rules: { alpha: SHARE, confidence: SHARE, signal },
    where: 'growingDetector.evaluate',
    runs: true,
  },
  'Scorer.score': {
    call: (await scorers.nnGuide({ k: 1 }).fit(blocks, {})).score,
    before: [outputs],
    slip: ['signals', 'signal'],
    rules: { signal },
    where: 'nnGuide',
    runs: true,
  },
  'Detector.predict': {
    call: ofImages.predict,
    before: [known],
    slip: ['cutpoint', 'cutPoint'],
    rules: { signal, onProgress: FUNCTION },
  },
  'Detector.predictOne': {
    call: ofImages.predictOne,
    before: [{ images: known.images.slice(0, 4), shape: [1, 2, 2, 1] }],
    slip: ['cutpoint', 'cutPoint'],
    rules: { signal },
  },
  'Detector.recalibrate': {
    call: ofImages.recalibrate,
    before: [known],
    slip: ['keeps', 'keep'],
    rules: { keep: YES_OR_NO, signal, onProgress: FUNCTION },
  },
  'OutputDetector.recalibrate': {
    call: ofOutputs.recalibrate,
    before: [outputs],
    slip: ['keeps', 'keep'],
    rules: { keep: YES_OR_NO, signal, onProgress: FUNCTION },
    where: 'fitOutputDetector.recalibrate',
  },
  'OutputDetector.predict': {
    call: ofOutputs.predict,
    before: [outputs],
    slip: ['cutoff', 'cutPoint'],
    rules: { signal, onProgress: FUNCTION },
    where: 'fitOutputDetector.predict',
  },
  'OutputDetector.predictOne': {
    call: ofOutputs.predictOne,
    before: [{ logits: [[1, 2]] }],
    slip: ['cutoff', 'cutPoint'],
    rules: { signal },
    where: 'fitOutputDetector.predictOne',
  },
  growingDetector: {
    call: detectors.growingDetector,
    slip: ['vote', 'votes'],
    rules: {
      k: ['a whole number from 1 to 100', 0, 101, 1.5, '3', null],
      votes: COUNT,
      normalize: WORDS('length', 'none'),
      alpha: SHARE,
    },
    runs: true,
  },
  'GrowingDetector.predict': {
    call: grown.predict,
    before: [rows],
    slip: ['aplha', 'alpha'],
    rules: { alpha: SHARE, signal },
    where: 'growingDetector.predict',
    runs: true,
  },
  'GrowingDetector.predictOne': {
    call: grown.predictOne,
    before: [oneRow],
    slip: ['aplha', 'alpha'],
    rules: { alpha: SHARE, signal },
    where: 'growingDetector.predictOne',
    runs: true,
  },
  'GrowingDetector.pValues': {
    call: grown.pValues,
    before: [rows],
    slip: ['signals', 'signal'],
    rules: { signal },
    where: 'growingDetector.pValues',
    runs: true,
  },
  'GrowingDetector.add': {
    call: detectors.growingDetector().add,
    before: [oneRow, 'a'],
    slip: ['signals', 'signal'],
    rules: { signal },
    where: 'growingDetector.add',
    runs: true,
  },
  'GrowingDetector.remove': {
    call: twoLabels.remove,
    before: ['a'],
    slip: ['signals', 'signal'],
    rules: { signal },
    where: 'growingDetector.remove',
  },
  embed: {
    call: detectors.embed,
    before: [model, known],
    slip: ['batchSize', 'blockSize'],
    rules: { blockSize, onProgress: FUNCTION, input, signal },
    runs: true,
  },
  featuresOf: {
    call: detectors.featuresOf,
    before: [model],
    slip: ['feature', 'features'],
    rules: { features: TEXT, logits: TEXT, output: TEXT, pool: ['average', 'max', null] },
    isTextFine: true,
    runs: true,
  },
};
