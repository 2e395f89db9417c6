import '@tensorflow/tfjs-backend-cpu';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/core/errors';
import * as embeddings from '../../src/embeddings/index';
import * as metrics from '../../src/metrics/index';
import * as thresholds from '../../src/thresholds/index';
import { modules, parsed } from '../house/source-files';

type Call = (...given: never[]) => unknown;

const [inScores, outScores] = [
  [0.1, 0.4],
  [0.35, 0.8],
];
const scores = { inScores, outScores };
const rows = { data: Float32Array.of(0, 1, 3, 7), shape: [4, 1] as const };
const result = metrics.evaluate({ in: inScores, out: { svhn: outScores } });
const classified = { scores: inScores, predicted: [3, 5], labels: [3, 5] };
const store = new embeddings.ClassScatter();
await store.add(rows, [0, 1, 0, 1]);

/** What stands before the options, and an option that is nearly one, with the one that it is nearest to. */
const functions: Record<string, readonly [call: Call, given: readonly unknown[], slip: string, near: string]> = {
  autc: [metrics.autc, [inScores, outScores], 'scalling', 'scaling'],
  averagePrecision: [metrics.averagePrecision, [inScores, outScores], 'positve', 'positive'],
  trapezoidAupr: [metrics.trapezoidAupr, [metrics.rankScores(inScores, outScores)], 'pos', 'positive'],
  fprAtTpr: [metrics.fprAtTpr, [inScores, outScores], 'trp', 'tpr'],
  partialAuroc: [metrics.partialAuroc, [inScores, outScores], 'maxFPR', 'maxFpr'],
  rocCurve: [metrics.rocCurve, [inScores, outScores], 'maxPoints', 'points'],
  precisionRecallCurve: [metrics.precisionRecallCurve, [inScores, outScores], 'point', 'points'],
  aurocInterval: [metrics.aurocInterval, [inScores, outScores], 'confidance', 'confidence'],
  compareAurocs: [metrics.compareAurocs, [scores, scores], 'alpha', 'confidence'],
  bootstrapInterval: [metrics.bootstrapInterval, [inScores, outScores, metrics.auroc], 'resample', 'resamples'],
  bootstrapDifference: [metrics.bootstrapDifference, [scores, scores, metrics.auroc], 'sed', 'seed'],
  bootstrapRows: [metrics.bootstrapRows, [[4], () => 1], 'methods', 'method'],
  evaluate: [metrics.evaluate, [{ in: inScores, out: { svhn: outScores } }], 'group', 'groups'],
  evaluationTable: [metrics.evaluationTable, [result], 'colums', 'columns'],
  comparisonTable: [metrics.comparisonTable, [[{ name: 'knn', result }]], 'percentage', 'percent'],
  ccrAtFpr: [metrics.ccrAtFpr, [classified, outScores], 'frp', 'fpr'],
  ScoreSketch: [(options: never) => new metrics.ScoreSketch(options), [], 'bit', 'bits'],
  calibrate: [thresholds.calibrate, [inScores], 'labels', 'classes'],
  decide: [thresholds.decide, [outScores], 'aplha', 'alpha'],
  decideWith: [thresholds.decideWith, [thresholds.calibrate(inScores), outScores], 'nearestClasses', 'nearestClass'],
  thresholdAtTpr: [thresholds.thresholdAtTpr, [inScores], 'confidence_level', 'confidence'],
  recallAtK: [embeddings.recallAtK, [rows, [0, 1, 0, 1], [1]], 'references', 'reference'],
  ClassScatter: [(options: never) => new embeddings.ClassScatter(options), [], 'perclass', 'perClass'],
  'ClassScatter.from': [embeddings.ClassScatter.from, [store.state()], 'blocksize', 'blockSize'],
};

async function complaint([call, given]: (typeof functions)[string], options: unknown) {
  try {
    await call(...([...given, options] as never[]));
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as ArgumentError).details;
  }
  return undefined;
}

describe.each(Object.entries(functions))('options of %s', (where, row) => {
  test('a misspelled one is refused by the name of the nearest', async () => {
    const [, , slip, near] = row;
    const expected = `without ${slip} (${near}?)`;
    expect(await complaint(row, { [slip]: 0.5 })).toEqual({
      where,
      what: 'options',
      expected,
      received: `{ ${slip} }`,
    });
    // No option, though every object has it.
    expect((await complaint(row, { constructor: 1 }))?.expected).toMatch(/^without constructor/);
  });

  test('they are an object', async () => {
    for (const [wrong, received] of [
      [5, '5'],
      [null, 'null'],
      ['in', 'in'],
      [Promise.resolve({}), '{  }'],
    ]) {
      expect(await complaint(row, wrong)).toEqual({ where, what: 'options', expected: 'an object', received });
    }
  });
});

test('every public function with options is among them', () => {
  const found = new Set<string>();
  const isOptions = ({ name, type }: ts.ParameterDeclaration) =>
    name.getText() === 'options' || /Options\b/.test(type?.getText() ?? '');
  for (const file of modules().filter((path) => /^(metrics|thresholds|embeddings)\//.test(path))) {
    parsed(file).forEachChild((node) => {
      if (ts.isFunctionDeclaration(node) && node.parameters.some(isOptions)) found.add(node.name!.text);
      if (!ts.isClassDeclaration(node)) return;
      for (const member of node.members) {
        if (ts.isConstructorDeclaration(member) && member.parameters.some(isOptions)) found.add(node.name!.text);
        if (!ts.isMethodDeclaration(member) || !member.parameters.some(isOptions)) continue;
        found.add(`${node.name!.text}.${member.name.getText()}`);
      }
    });
  }
  const publicNames = Object.keys({ ...metrics, ...thresholds, ...embeddings });
  const expected = [...found].filter((name) => publicNames.includes(name.replace(/\..*/, '')));
  expect(Object.keys(functions).sort()).toEqual(expected.sort());
});
