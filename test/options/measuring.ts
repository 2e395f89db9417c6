import * as thresholds from 'tfjs-ood/thresholds';
import * as embeddings from 'tfjs-ood/embeddings';
import * as metrics from 'tfjs-ood/metrics';
import type { Rows } from './row';

const [inScores, outScores] = [
  [0.1, 0.4],
  [0.35, 0.8],
];
const scores = { inScores, outScores };
const probabilities = { data: [0.75, 0.25, 0.4, 0.6], shape: [2, 2] as const };
const rows = { data: Float32Array.of(0, 1, 3, 7), shape: [4, 1] as const };
const result = metrics.evaluate({ in: inScores, out: { svhn: outScores } });
const classified = { scores: inScores, predicted: [3, 5], labels: [3, 5] };
const store = new embeddings.ClassScatter();
await store.add(rows, [0, 1, 0, 1]);

const signal = ['an AbortSignal', {}, { aborted: false }, 1, null] as const;

/** Metrics, thresholds and embeddings. */
export const measuring: Rows = {
  autc: { call: metrics.autc, before: [inScores, outScores], slip: ['scalling', 'scaling'] },
  averagePrecision: { call: metrics.averagePrecision, before: [inScores, outScores], slip: ['positve', 'positive'] },
  trapezoidAupr: {
    call: metrics.trapezoidAupr,
    before: [metrics.rankScores(inScores, outScores)],
    slip: ['pos', 'positive'],
  },
  fprAtTpr: { call: metrics.fprAtTpr, before: [inScores, outScores], slip: ['trp', 'tpr'] },
  partialAuroc: { call: metrics.partialAuroc, before: [inScores, outScores], slip: ['maxFPR', 'maxFpr'] },
  rocCurve: { call: metrics.rocCurve, before: [inScores, outScores], slip: ['maxPoints', 'points'] },
  precisionRecallCurve: {
    call: metrics.precisionRecallCurve,
    before: [inScores, outScores],
    slip: ['point', 'points'],
  },
  aurocInterval: { call: metrics.aurocInterval, before: [inScores, outScores], slip: ['confidance', 'confidence'] },
  compareAurocs: { call: metrics.compareAurocs, before: [scores, scores], slip: ['alpha', 'confidence'] },
  bootstrapInterval: {
    call: metrics.bootstrapInterval,
    before: [inScores, outScores, metrics.auroc],
    slip: ['resample', 'resamples'],
  },
  bootstrapDifference: {
    call: metrics.bootstrapDifference,
    before: [scores, scores, metrics.auroc],
    slip: ['sed', 'seed'],
  },
  bootstrapRows: { call: metrics.bootstrapRows, before: [[4], () => 1], slip: ['methods', 'method'] },
  evaluate: { call: metrics.evaluate, before: [{ in: inScores, out: { svhn: outScores } }], slip: ['group', 'groups'] },
  evaluationTable: { call: metrics.evaluationTable, before: [result], slip: ['colums', 'columns'] },
  comparisonTable: {
    call: metrics.comparisonTable,
    before: [[{ name: 'knn', result }]],
    slip: ['percentage', 'percent'],
  },
  ccrAtFpr: { call: metrics.ccrAtFpr, before: [classified, outScores], slip: ['frp', 'fpr'] },
  ScoreSketch: { call: (options: never) => new metrics.ScoreSketch(options), slip: ['bit', 'bits'] },
  expectedCalibrationError: {
    call: metrics.expectedCalibrationError,
    before: [probabilities, [0, 1]],
    slip: ['bin', 'bins'],
    rules: {
      bins: ['a whole number from 1 to 1000000', 0, 1.5, NaN],
      binning: ['one of equal-width, equal-mass', 'equal'],
    },
  },
  conformalThreshold: {
    call: thresholds.conformalThreshold,
    before: [inScores, 0.1],
    slip: ['confidance', 'confidence'],
    rules: { confidence: ['a share between 0 and 1, both excluded', 0, 1, NaN] },
  },
  classThresholds: {
    call: thresholds.classThresholds,
    before: [inScores, [0, 1], 0.1],
    slip: ['confidance', 'confidence'],
    rules: { confidence: ['a share between 0 and 1, both excluded', 0, 1, '0.9'] },
  },
  pValues: {
    call: thresholds.pValues,
    before: [outScores, inScores],
    given: { confidence: 0.9 },
    slip: ['bands', 'band'],
    rules: {
      confidence: ['a share between 0 and 1, both excluded', 0, 1],
      band: ['one of dkw, simes, berk-jones', 'ks'],
    },
  },
  pValueBand: {
    call: thresholds.pValueBand,
    before: [20],
    slip: ['bands', 'band'],
    rules: {
      confidence: ['a share between 0 and 1, both excluded', 0, 1],
      band: ['one of dkw, simes, berk-jones', 'ks'],
    },
  },
  classProbabilities: {
    call: thresholds.classProbabilities,
    before: [probabilities],
    slip: ['temprature', 'temperature'],
    rules: { temperature: ['a number above 0', 0, -1, NaN] },
  },
  fitTemperature: {
    call: thresholds.fitTemperature,
    before: [probabilities, [0, 1]],
    slip: ['mos', 'most'],
    rules: { least: ['a number above 0', 0], most: ['a number above 0', -1] },
  },
  calibrateSets: {
    call: thresholds.calibrateSets,
    before: [probabilities, [0, 1]],
    slip: ['methods', 'method'],
    rules: { method: ['one of lac, aps', 'raps'], seed: ['a whole number', 0.5] },
  },
  predictionSets: {
    call: thresholds.predictionSets,
    before: [thresholds.calibrateSets(probabilities, [0, 1]), probabilities],
    needed: { alpha: 0.1 },
    slip: ['apha', 'alpha'],
    rules: {
      alpha: ['a share between 0 and 1, both excluded', 0, 1],
      confidence: ['a share between 0 and 1, both excluded', 0, 1],
    },
  },
  calibrate: { call: thresholds.calibrate, before: [inScores], slip: ['labels', 'classes'] },
  decide: { call: thresholds.decide, before: [outScores], slip: ['aplha', 'alpha'] },
  decideWith: {
    call: thresholds.decideWith,
    before: [thresholds.calibrate(inScores), outScores],
    slip: ['nearestClasses', 'nearestClass'],
  },
  thresholdAtTpr: { call: thresholds.thresholdAtTpr, before: [inScores], slip: ['confidence_level', 'confidence'] },
  recallAtK: {
    call: embeddings.recallAtK,
    before: [rows, [0, 1, 0, 1], [1]],
    slip: ['references', 'reference'],
    rules: { signal },
  },
  silhouette: {
    call: embeddings.silhouette,
    before: [rows, [0, 1, 0, 1]],
    slip: ['signals', 'signal'],
    rules: { signal },
  },
  distanceRatio: {
    call: embeddings.distanceRatio,
    before: [rows, [0, 1, 0, 1]],
    slip: ['signals', 'signal'],
    rules: { signal },
  },
  nearestMeanAccuracy: {
    call: embeddings.nearestMeanAccuracy,
    before: [{ labels: Int32Array.of(0, 1), data: Float64Array.of(0, 5), shape: [2, 1] }, rows, [0, 1, 0, 1]],
    slip: ['signals', 'signal'],
    rules: { signal },
  },
  'ClassScatter.add': {
    call: (...given: Parameters<typeof store.add>) => new embeddings.ClassScatter().add(...given),
    before: [rows, [0, 1, 0, 1]],
    slip: ['signals', 'signal'],
    rules: { signal },
  },
  ClassScatter: { call: (options: never) => new embeddings.ClassScatter(options), slip: ['perclass', 'perClass'] },
  'ClassScatter.from': {
    call: embeddings.ClassScatter.from,
    before: [store.state()],
    slip: ['blocksize', 'blockSize'],
  },
};
