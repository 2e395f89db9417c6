import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  checkBelongsTo,
  conformalThreshold,
  cutPoint,
  cutPointsPassed,
  FormatError,
  formatCutPoints,
  parseCutPoints,
  type CutPoint,
} from 'tfjs-ood';
import { clopperPearson, thresholdAtTpr } from 'tfjs-ood/thresholds';
import { rateArbitrary, scoresArbitrary } from './arbitraries';

const belongsTo = { detector: 'knn', model: '9f2c' };
const conformal = cutPoint('strict', conformalThreshold([1, 2, 3], 0.25), belongsTo);
const never = cutPoint('never', conformalThreshold([1, 2, 3], 0.1), belongsTo);
const tpr = cutPoint('usual', thresholdAtTpr([1, 2, 3, 4], { tpr: 0.75 }), { ...belongsTo, data: 'svhn' });
const manual = cutPoint('by hand', 2.5, { detector: 'knn' });
const all = [conformal, never, tpr, manual];

const wordArbitrary = fc.string({ maxLength: 8 });
const belongsToArbitrary = fc
  .tuple(wordArbitrary, fc.dictionary(wordArbitrary, wordArbitrary, { maxKeys: 3 }))
  .map(([detector, rest]) => ({ ...rest, detector }));
const thresholdArbitrary = fc.oneof(
  fc.tuple(scoresArbitrary, rateArbitrary).map(([scores, alpha]) => conformalThreshold(scores, alpha)),
  fc.tuple(scoresArbitrary, rateArbitrary).map(([scores, rate]) => thresholdAtTpr(scores, { tpr: rate })),
  fc.double({ noNaN: true }).map((x) => x + 0), // JSON has no -0
);
const cutPointsArbitrary = fc.uniqueArray(
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 6 }), thresholdArbitrary, belongsToArbitrary)
    .map(([name, threshold, belongs]) => cutPoint(name, threshold, belongs)),
  { selector: ({ name }) => name, maxLength: 5 },
);

describe('cutPoint', () => {
  test('keeps what the threshold came from', () => {
    expect(conformal).toEqual({ name: 'strict', kind: 'conformal', threshold: 3, alpha: 0.25, count: 3, belongsTo });
    expect(never.threshold).toBe(Infinity);
    expect(tpr).toEqual({
      name: 'usual',
      kind: 'tpr',
      threshold: 3,
      tpr: 0.75,
      interval: clopperPearson(3, 4),
      confidence: 0.95,
      count: 4,
      belongsTo: { detector: 'knn', model: '9f2c', data: 'svhn' },
    });
    expect(manual).toEqual({
      name: 'by hand',
      kind: 'manual',
      threshold: 2.5,
      count: 0,
      belongsTo: { detector: 'knn' },
    });
  });

  test('names of those that a score is beyond', () => {
    expect(cutPointsPassed(all, 2.6)).toEqual(['by hand']);
    expect(cutPointsPassed(all, 3)).toEqual(['by hand']); // at a threshold is not beyond it
    expect(cutPointsPassed(all, 4)).toEqual(['strict', 'usual', 'by hand']);
    expect(cutPointsPassed(all, -1)).toEqual([]);
    expect(() => cutPointsPassed(all, NaN)).toThrow('cutPointsPassed: score must be a number, got NaN');
  });

  test('bad input', () => {
    expect(() => cutPoint('', 1, belongsTo)).toThrow('cutPoint: name must be a name of at least one character, got');
    expect(() => cutPoint('a', NaN, belongsTo)).toThrow('cutPoint: threshold must be a number, got NaN');
    expect(() => cutPoint('a', undefined as never, belongsTo)).toThrow(ArgumentError);
    expect(() => cutPoint('a', 1, {} as never)).toThrow('cutPoint: belongsTo.detector must be a string, got undefined');
    expect(() => cutPoint('a', 1, { detector: 'b', model: 3 as never })).toThrow(
      'belongsTo.model must be a string, got 3',
    );
  });
});

describe('checkBelongsTo', () => {
  test('says what differs', () => {
    expect(() => checkBelongsTo(all, { detector: 'knn' })).not.toThrow();
    expect(() => checkBelongsTo([conformal, never, tpr], belongsTo)).not.toThrow();
    expect(() => checkBelongsTo([], belongsTo)).not.toThrow();
    expect(() => checkBelongsTo(all, belongsTo)).toThrow(
      "checkBelongsTo: belongsTo of cut-point 'by hand' must be model '9f2c', got no model",
    );
    expect(() => checkBelongsTo([tpr], { detector: 'energy', model: '9f2c', data: 'lsun' })).toThrow(
      "belongsTo of cut-point 'usual' must be detector 'energy', data 'lsun', got detector 'knn', data 'svhn'",
    );
    expect(() => checkBelongsTo([manual], { toString: 'x' })).toThrow('no toString');
  });
});

describe('cut-points as JSON', () => {
  test('come back as they were, infinite ones too', () => {
    expect(parseCutPoints(formatCutPoints(all))).toEqual(all);
    expect(parseCutPoints(formatCutPoints([]))).toEqual([]);
    expect(formatCutPoints([never])).toContain('"threshold": "Infinity"');
    expect(formatCutPoints([cutPoint('all', -Infinity, belongsTo)])).toContain('"-Infinity"');
    fc.assert(
      fc.property(cutPointsArbitrary, (cutPoints) => {
        const text = formatCutPoints(cutPoints);
        expect(parseCutPoints(text)).toEqual(cutPoints);
        expect(formatCutPoints(parseCutPoints(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  /** The saved text with one value changed; undefined leaves it out. */
  const changed = (path: string, value: unknown): string => {
    const root = JSON.parse(formatCutPoints(all)) as Record<string, unknown>;
    const names = path.split('.');
    const last = names.pop()!;
    const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, root);
    parent[last] = value;
    return JSON.stringify(root);
  };

  test.each<[path: string, ...values: unknown[]]>([
    ['format', 'tfjs-ood/evaluation', undefined],
    ['version', 2, '1', undefined],
    ['cutPoints', {}, null, undefined],
    ['cutPoints.1', null, 3, []],
    ['cutPoints.0.name', '', 7, undefined],
    ['cutPoints.2.name', 'strict'],
    ['cutPoints.0.kind', 'quantile', 'toString', undefined],
    ['cutPoints.0.threshold', 'NaN', null, '3', 'Infinity', '-Infinity', undefined],
    ['cutPoints.0.alpha', 0, 1, '0.25', undefined],
    ['cutPoints.0.count', 0, 3.5, -1, '3', undefined],
    ['cutPoints.1.threshold', 3, '-Infinity', null],
    ['cutPoints.2.threshold', 'Infinity', null, undefined],
    ['cutPoints.2.tpr', 0, 1.1, undefined],
    ['cutPoints.2.interval.0', 0.8, -0.1, null],
    ['cutPoints.2.interval.1', 0.7, 1.1, '1'],
    ['cutPoints.2.confidence', 0, 1, undefined],
    ['cutPoints.3.threshold', 'NaN', null, undefined],
    ['cutPoints.3.count', 1, undefined],
    ['cutPoints.3.belongsTo', 'knn', [], null, undefined],
    ['cutPoints.3.belongsTo.detector', 1, null, undefined],
    ['cutPoints.1.belongsTo.model', 1, null, {}],
  ])('%s is refused where it is wrong, by its path', (path, ...values) => {
    for (const value of values) {
      const parse = () => parseCutPoints(changed(path, value));
      expect(parse).toThrow(FormatError);
      expect(parse).toThrow(`parseCutPoints: ${path} must be`);
    }
  });

  test('other refusals', () => {
    expect(() => parseCutPoints('{', 'detector.json')).toThrow('parseCutPoints: detector.json must be JSON, got');
    expect(() => parseCutPoints('[]')).toThrow('parseCutPoints: cut-points must be an object, got []');
    const deep = `{"format":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    expect(() => parseCutPoints(deep)).toThrow(FormatError);
    expect(() => parseCutPoints(deep)).toThrow('parseCutPoints: cut-points must be JSON, got more than 32 levels');
    expect(() => parseCutPoints(changed('cutPoints.2.interval', [0.5]))).toThrow('cutPoints.2.interval.1');
    expect(() => parseCutPoints(changed('cutPoints.2.name', 'strict'))).toThrow(
      'cutPoints.2.name must be another name than that of cutPoints.0, got strict',
    );
    expect(() => parseCutPoints(changed('cutPoints.2.threshold', 'Infinity'))).toThrow('a finite number, got Infinity');
    expect(() => formatCutPoints([manual, manual])).toThrow(ArgumentError);
    expect(() => formatCutPoints([manual, manual])).toThrow('formatCutPoints: cutPoints.1.name must be another name');
    expect(() => formatCutPoints([{ ...manual, threshold: NaN }])).toThrow(
      'cutPoints.0.threshold must be a number, got NaN',
    );
    expect(() => formatCutPoints([{ ...manual, kind: 'x' } as unknown as CutPoint])).toThrow('cutPoints.0.kind');
    expect(() => formatCutPoints({} as never)).toThrow('formatCutPoints: cutPoints must be an array of cut-points');
  });

  test('what is not known is refused, and no name is special', () => {
    for (const path of ['cutPoints.3.color', 'cutPoints.2.interval.2', 'comment']) {
      expect(() => parseCutPoints(changed(path, 'red'))).toThrow(`parseCutPoints: ${path} must be left out`);
    }
    const text = formatCutPoints([manual]).replace('"detector": "knn"', '"detector": "knn", "__proto__": "x"');
    const [read] = parseCutPoints(text);
    expect(Object.getPrototypeOf(read!.belongsTo)).toBe(Object.prototype);
    expect(Object.keys(read!.belongsTo)).toEqual(['detector', '__proto__']);
  });
});
