import * as ood from 'tfjs-ood';
import * as metrics from 'tfjs-ood/metrics';
import * as thresholds from 'tfjs-ood/thresholds';
import { LABELS, SCORES, type Place, type Places, type Thing } from './wrong-things';

/** Finite numbers in a list. */
const SCORES_THINGS = ['an array of scores', 'a Float64Array of scores'] as const satisfies readonly Thing[];
const OTHER_NUMBERS = [
  'an array of labels',
  'an Int32Array of labels',
  'a Float32Array of rows',
  'bytes',
] as const satisfies readonly Thing[];
/** Lists of finite numbers are scores, however many; labels are not known from scores. */
export const scores = { right: SCORES, same: SCORES_THINGS, other: OTHER_NUMBERS } satisfies Partial<Place>;
const PARTNERS = /^(predicted|labels|classes|scores)$/;
/** As many scores as there are rows. */
const fourScores = {
  ...scores,
  other: ['an array of labels', 'an Int32Array of labels'],
  also: PARTNERS,
} satisfies Partial<Place>;
export const classes = {
  right: LABELS,
  same: ['an array of labels', 'an Int32Array of labels'],
  also: /^(predicted|labels)$/,
} satisfies Partial<Place>;

const [a, b] = [SCORES, [0.6, 2, 3]];
type TwoLists = (inScores: never, outScores: never) => unknown;
const two = (name: string, call: TwoLists): Places => ({
  [`${name}.inScores`]: { call: (v) => call(v, b as never), ...scores },
  [`${name}.outScores`]: { call: (v) => call(a as never, v), ...scores, also: /^arguments$/ },
});
/** Ranked scores alone are right too: arguments are named together where neither reading fits. */
const ranked = (name: string, call: TwoLists): Places => two(name, call);

const inside = { scores: SCORES, predicted: LABELS, labels: [0, 1, 1, 1] };
const classified = (name: string, call: (inside: never, outScores: never) => unknown): Places => ({
  [`${name}.inside`]: { call: (v) => call(v, b as never), right: inside, also: /^scores$/ },
  [`${name}.inside.scores`]: {
    call: (v) => call({ ...inside, scores: v } as never, b as never),
    ...fourScores,
    where: name,
  },
  [`${name}.inside.predicted`]: {
    call: (v) => call({ ...inside, predicted: v } as never, b as never),
    ...classes,
    where: name,
  },
  [`${name}.inside.labels`]: {
    call: (v) => call({ ...inside, labels: v } as never, b as never),
    ...classes,
    where: name,
  },
  [`${name}.outScores`]: { call: (v) => call(inside as never, v), ...scores },
});
const risk = (name: string, call: (...given: never[]) => unknown): Places => ({
  [`${name}.scores`]: { call: (v) => call(v, LABELS as never, LABELS as never), ...fourScores },
  [`${name}.predicted`]: { call: (v) => call(SCORES as never, v, LABELS as never), ...classes },
  [`${name}.labels`]: { call: (v) => call(SCORES as never, LABELS as never, v), ...classes },
});

const first = { inScores: a, outScores: b };
const pairs = (name: string, call: (first: never, second: never) => unknown): Places => ({
  [`${name}.first`]: { call: (v) => call(v, first as never), right: first },
  [`${name}.second`]: { call: (v) => call(first as never, v), right: first },
});

const sketch = new metrics.ScoreSketch();
sketch.add(a);
const accumulator = new metrics.ScoreAccumulator();
accumulator.add(a);
const sketches = (name: string, call: (one: metrics.ScoreSketch, other: metrics.ScoreSketch) => unknown): Places => ({
  [`${name}.inSketch`]: { call: (v) => call(v, sketch), right: sketch },
  [`${name}.outSketch`]: { call: (v) => call(sketch, v), right: sketch },
});
const NOTHING = ['no element'] as const satisfies readonly Thing[];

const evaluation = metrics.evaluate({ in: a, out: { svhn: b } }, { groups: { all: ['svhn'] } });
const options = { seed: 1, resamples: 100 };

/** Metrics. */
export const measuring: Places = {
  ...two('rankScores', metrics.rankScores),
  ...ranked('auroc', metrics.auroc),
  'aurocOfLabels.yTrue': { call: (v) => metrics.aurocOfLabels(v, SCORES), ...classes },
  'aurocOfLabels.yScore': { call: (v) => metrics.aurocOfLabels(LABELS, v), ...fourScores, also: /^yScore$/ },
  ...ranked('averagePrecision', metrics.averagePrecision),
  ...ranked('trapezoidAupr', metrics.trapezoidAupr),
  ...ranked('fprAtTpr', metrics.fprAtTpr),
  ...ranked('detectionError', metrics.detectionError),
  ...ranked('detectionAccuracy', metrics.detectionAccuracy),
  ...ranked('equalErrorRate', metrics.equalErrorRate),
  ...ranked('oodMetrics', metrics.oodMetrics),
  ...ranked('aurocInterval', metrics.aurocInterval),
  ...ranked('rocCurve', metrics.rocCurve),
  ...ranked('precisionRecallCurve', metrics.precisionRecallCurve),
  ...ranked('fprAtTprOdin', metrics.fprAtTprOdin),
  ...ranked('fprAtTprOpenOOD', metrics.fprAtTprOpenOOD),
  ...ranked('autc', (x, y) => metrics.autc(x, y, { scaling: 'min-max' })),
  ...ranked('partialAuroc', (x, y) => metrics.partialAuroc(x, y, { maxFpr: 0.5 })),
  ...two('gridMetrics', metrics.gridMetrics),
  ...two('odinStyleMetrics', metrics.odinStyleMetrics),
  ...two('bootstrapInterval', (x, y) => metrics.bootstrapInterval(x, y, metrics.auroc, options)),
  'bootstrapInterval.metric': {
    call: (v) => metrics.bootstrapInterval(a, b, v, options),
    right: metrics.auroc,
    other: ['a function'],
  },
  ...pairs('bootstrapDifference', (x, y) => metrics.bootstrapDifference(x, y, metrics.auroc, options)),
  'bootstrapDifference.metric': {
    call: (v) => metrics.bootstrapDifference(first, first, v, options),
    right: metrics.auroc,
    other: ['a function'],
  },
  ...pairs('compareAurocs', metrics.compareAurocs),
  'bootstrapRows.counts': {
    call: (v) => metrics.bootstrapRows(v, (...rows) => rows.length, options),
    right: [4, 3],
  },
  'bootstrapRows.metric': {
    call: (v) => metrics.bootstrapRows([4], v, options),
    right: () => 1,
    other: ['a function'],
  },
  ...risk('aurc', metrics.aurc),
  ...risk('excessAurc', metrics.excessAurc),
  'classAccuracy.predicted': { call: (v) => metrics.classAccuracy(v, LABELS), ...classes },
  'classAccuracy.labels': { call: (v) => metrics.classAccuracy(LABELS, v), ...classes },
  ...classified('ccrAtFpr', metrics.ccrAtFpr),
  ...classified('oscr', metrics.oscr),
  ...sketches('rankSketches', metrics.rankSketches),
  ...sketches('sketchMetrics', metrics.sketchMetrics),
  'ScoreAccumulator.add.scores': {
    call: (v) => new metrics.ScoreAccumulator().add(v),
    ...scores,
    other: [...OTHER_NUMBERS, ...NOTHING],
  },
  'ScoreAccumulator.merge.other': { call: (v) => new metrics.ScoreAccumulator().merge(v), right: accumulator },
  'ScoreAccumulator.from.state': { call: metrics.ScoreAccumulator.from, right: accumulator.state() },
  'ScoreSketch.add.scores': {
    call: (v) => new metrics.ScoreSketch().add(v),
    ...scores,
    other: [...OTHER_NUMBERS, ...NOTHING],
  },
  'ScoreSketch.merge.other': { call: (v) => new metrics.ScoreSketch().merge(v), right: sketch },
  'ScoreSketch.quantile.q': { call: (v) => sketch.quantile(v), right: 0.5 },
  'ScoreSketch.from.state': { call: metrics.ScoreSketch.from, right: sketch.state() },
  'evaluate.scores': { call: (v) => metrics.evaluate(v), right: { in: a, out: { svhn: b } }, also: /^in$/ },
  'evaluate.scores.in': {
    call: (v) => metrics.evaluate({ in: v, out: { svhn: b } }),
    ...scores,
    where: 'evaluate',
  },
  'evaluate.scores.out': {
    call: (v) => metrics.evaluate({ in: a, out: v }),
    right: { svhn: b },
    where: 'evaluate',
    // Sets of these names, as it were
    other: ['{ data, shape }', '{ data, shape } of an array', '{ data, shape } of too few', '{ images, shape }'],
  },
  'evaluate.scores.out.svhn': {
    call: (v) => metrics.evaluate({ in: a, out: { svhn: v } }),
    ...scores,
    where: 'evaluate',
    what: 'out.svhn',
  },
  'evaluationTable.result': { call: (v) => metrics.evaluationTable(v), right: evaluation },
  'comparisonTable.entries': { call: (v) => metrics.comparisonTable(v), right: [{ name: 'knn', result: evaluation }] },
  'parseEvaluation.json': {
    call: (v) => metrics.parseEvaluation(v),
    right: JSON.stringify(evaluation),
    also: /^evaluation$/,
  },
  ...deciding(),
  ...ofClasses(),
};

/** Probabilities and labels of classes. */
function ofClasses(): Places {
  const rows = { data: Float64Array.of(0.9, 0.1, 0.6, 0.4, 0.2, 0.8, 0.7, 0.3), shape: [4, 2] as const };
  const own = [0, 0, 1, 1];
  const sets = thresholds.calibrateSets(rows, own);
  const labels = { right: own, other: ['an array of labels', 'an Int32Array of labels'] } satisfies Partial<Place>;
  const logits = { right: rows, other: ['{ data, shape }', '{ data, shape } of an array'] } satisfies Partial<Place>;
  return {
    'expectedCalibrationError.probabilities': {
      call: (v) => metrics.expectedCalibrationError(v, own),
      right: rows,
    },
    'expectedCalibrationError.labels': { call: (v) => metrics.expectedCalibrationError(rows, v), ...labels },
    'classProbabilities.logits': { call: (v) => thresholds.classProbabilities(v), ...logits },
    'fitTemperature.logits': { call: (v) => thresholds.fitTemperature(v, own), ...logits },
    'fitTemperature.labels': { call: (v) => thresholds.fitTemperature(rows, v), ...labels },
    'calibrateSets.probabilities': { call: (v) => thresholds.calibrateSets(v, own), right: rows },
    'calibrateSets.labels': { call: (v) => thresholds.calibrateSets(rows, v), ...labels },
    'predictionSets.calibration': { call: (v) => thresholds.predictionSets(v, rows, { alpha: 0.5 }), right: sets },
    'predictionSets.probabilities': { call: (v) => thresholds.predictionSets(sets, v, { alpha: 0.5 }), right: rows },
    'pValueBand.count': {
      call: (v) => thresholds.pValueBand(v, { confidence: 0.9, band: 'dkw' }),
      right: 30,
      other: ['a number'],
    },
  };
}

function deciding(): Places {
  const calibration = ood.calibrate(a);
  const cut = ood.cutPoint('alarm', 1, { detector: 'knn' });
  const number = { right: 0.25 } satisfies Partial<Place>;
  const count = { right: 30, other: ['a number'] } satisfies Partial<Place>;
  return {
    'conformalThreshold.calibration': { call: (v) => ood.conformalThreshold(v, 0.25), ...scores },
    'conformalThreshold.alpha': { call: (v) => ood.conformalThreshold(a, v), ...number },
    'classThresholds.calibration': { call: (v) => thresholds.classThresholds(v, LABELS, 0.25), ...fourScores },
    'classThresholds.classes': { call: (v) => thresholds.classThresholds(SCORES, v, 0.25), ...classes },
    'classThresholds.alpha': { call: (v) => thresholds.classThresholds(SCORES, LABELS, v), ...number },
    'pValues.scores': { call: (v) => thresholds.pValues(v, a), ...scores, other: [...OTHER_NUMBERS, ...NOTHING] },
    'pValues.calibration': { call: (v) => thresholds.pValues(a, v), ...scores },
    'classPValues.scores': { call: (v) => thresholds.classPValues(v, LABELS, SCORES, LABELS), ...fourScores },
    'classPValues.labels': { call: (v) => thresholds.classPValues(SCORES, v, SCORES, LABELS), ...classes },
    'classPValues.calibration': { call: (v) => thresholds.classPValues(SCORES, LABELS, v, LABELS), ...fourScores },
    'classPValues.calibrationLabels': { call: (v) => thresholds.classPValues(SCORES, LABELS, SCORES, v), ...classes },
    'benjaminiHochberg.values': {
      call: (v) => thresholds.benjaminiHochberg(v, 0.5),
      right: SCORES,
      same: SCORES_THINGS,
      other: ['an array of labels', 'an Int32Array of labels', 'no element'],
    },
    'benjaminiHochberg.rate': { call: (v) => thresholds.benjaminiHochberg(SCORES, v), ...number },
    'clopperPearson.successes': { call: (v) => thresholds.clopperPearson(v, 30), ...count },
    'clopperPearson.trials': { call: (v) => thresholds.clopperPearson(1, v), ...count },
    'clopperPearson.confidence': { call: (v) => thresholds.clopperPearson(1, 3, v), ...number, other: ['undefined'] },
    'conformalCoverage.count': { call: (v) => thresholds.conformalCoverage(v, 0.25), ...count },
    'conformalCoverage.alpha': { call: (v) => thresholds.conformalCoverage(30, v), ...number },
    'conformalCoverage.confidence': {
      call: (v) => thresholds.conformalCoverage(30, 0.25, v),
      ...number,
      other: ['undefined'],
    },
    'calibrationSizeFor.alpha': { call: (v) => thresholds.calibrationSizeFor(v, 0.2), ...number },
    'calibrationSizeFor.within': { call: (v) => thresholds.calibrationSizeFor(0.2, v), ...number },
    'calibrationSizeFor.confidence': {
      call: (v) => thresholds.calibrationSizeFor(0.2, 0.2, v),
      ...number,
      other: ['undefined'],
    },
    'thresholdAtTpr.inScores': { call: (v) => thresholds.thresholdAtTpr(v), ...scores },
    'calibrate.calibration': { call: (v) => ood.calibrate(v), ...scores },
    'calibrate.options.classes': {
      call: (v) => ood.calibrate(SCORES, { classes: v }),
      ...classes,
      what: 'classes',
      other: ['undefined'],
    },
    'decideWith.calibration': { call: (v) => ood.decideWith(v, a, { alpha: 0.25 }), right: calibration },
    'decideWith.scores': {
      call: (v) => ood.decideWith(calibration, v, { alpha: 0.25 }),
      ...scores,
      other: [...OTHER_NUMBERS, ...NOTHING],
    },
    'decideWith.options.nearestClass': {
      call: (v) => ood.decideWith(calibration, SCORES, { alpha: 0.25, nearestClass: v }),
      ...classes,
      what: 'nearestClass',
      other: ['undefined'],
    },
    'decide.scores': {
      call: (v) => ood.decide(v, { calibration: a, alpha: 0.25 }),
      ...scores,
      other: [...OTHER_NUMBERS, ...NOTHING],
    },
    'decide.options.calibration': {
      call: (v) => ood.decide(SCORES, { calibration: v, alpha: 0.25 }),
      ...scores,
      what: 'calibration',
    },
    'decide.options.nearestClass': {
      call: (v) => ood.decide(SCORES, { calibration: a, alpha: 0.25, nearestClass: v }),
      ...classes,
      what: 'nearestClass',
      other: ['undefined'],
    },
    'decide.options.calibrationClasses': {
      call: (v) =>
        ood.decide(SCORES, { calibration: SCORES, alpha: 0.25, nearestClass: LABELS, calibrationClasses: v }),
      ...classes,
      what: 'calibrationClasses',
      other: ['undefined'],
    },
    'cutPoint.name': { call: (v) => ood.cutPoint(v, 1, { detector: 'knn' }), right: 'x', other: ['a string'] },
    'cutPoint.threshold': { call: (v) => ood.cutPoint('x', v, { detector: 'knn' }), right: 1, other: ['a number'] },
    'cutPoint.belongsTo': { call: (v) => ood.cutPoint('x', 1, v), right: { detector: 'knn' } },
    'cutPointsPassed.cutPoints': {
      call: (v) => ood.cutPointsPassed(v, 2),
      right: [cut],
      other: ['no element'],
    },
    'cutPointsPassed.score': { call: (v) => ood.cutPointsPassed([cut], v), right: 2, other: ['a number'] },
    'checkBelongsTo.cutPoints': {
      call: (v) => ood.checkBelongsTo(v, { detector: 'knn' }),
      right: [cut],
      other: ['no element'],
    },
    'checkBelongsTo.expected': {
      call: (v) => ood.checkBelongsTo([cut], v),
      right: { detector: 'knn' },
      other: ['an object'],
    },
    'formatCutPoints.cutPoints': { call: (v) => ood.formatCutPoints(v), right: [cut], other: ['no element'] },
    'parseCutPoints.json': {
      call: (v) => ood.parseCutPoints(v),
      right: ood.formatCutPoints([cut]),
      what: 'cut-points',
    },
  };
}
