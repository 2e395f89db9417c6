import { evaluate, parseEvaluation } from '../../../src/metrics/index';
import {
  conformalThreshold,
  cutPoint,
  formatCutPoints,
  parseCutPoints,
  thresholdAtTpr,
} from '../../../src/thresholds/index';
import { expectSame, expectThat, type Target } from '../target';

const bytesOf = (text: string) => new TextEncoder().encode(text);
/** As `readFile(file, 'utf8')` gives it. */
const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
/** Deep nesting where a value is shown: the whole stack of who goes through it by recursion. */
const deep = '['.repeat(9000) + ']'.repeat(9000);
const linear = (bytes: Uint8Array) => 64 * bytes.length + 65_536;

type Path = readonly (string | number)[];
/** Every number of a value, by its path. */
function numbersIn(value: unknown, path: Path = []): [Path, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => numbersIn(inner, [...path, name]));
}
const at = (value: unknown, path: Path) =>
  path.reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], value);

export function evaluation(): Target {
  const one = evaluate(
    { in: [1, 2, 3, 4], out: { 'é"': [3, 5], far: [9, 7, 8] } },
    { accuracy: 0.75, groups: { all: ['far', 'é"'] }, about: { seed: 1, deep: [{ a: null }] } },
  );
  return {
    where: ['parseEvaluation'],
    seeds: [
      bytesOf(JSON.stringify(one)),
      bytesOf(JSON.stringify(evaluate({ in: [1, 2], out: { svhn: [3] } }), null, 1)),
      bytesOf(`{"format":${deep}}`),
    ],
    limit: linear,
    read(bytes) {
      const text = textOf(bytes);
      const parsed = parseEvaluation(text);
      const written = JSON.stringify(parsed);
      expectSame('written again', JSON.stringify(parseEvaluation(written)), written);
      const file: unknown = JSON.parse(text);
      for (const [path, number] of numbersIn(parsed))
        expectSame(path.join('.'), [number + 0], [(at(file, path) as number) + 0]);
      for (const { auroc, auprIn, inCount } of Object.values(parsed.sets)) {
        expectThat('shares are shares', auroc.value >= 0 && auroc.value <= 1 && auprIn >= 0 && auprIn <= 1);
        expectThat('counts are counts', Number.isSafeInteger(inCount) && inCount === parsed.inCount);
      }
    },
  };
}

export function cutPoints(): Target {
  const belongsTo = { detector: 'knn', model: 'é' };
  const three = [
    cutPoint('strict', conformalThreshold([0.1, 0.2, 0.3], 0.25), belongsTo),
    cutPoint('none', conformalThreshold([0.1, 0.2, 0.3], 0.1), belongsTo),
    cutPoint('tpr', thresholdAtTpr([1, 2, 3, 4], { tpr: 0.5 }), belongsTo),
    cutPoint('manual', 2.5, belongsTo),
  ];
  return {
    where: ['parseCutPoints'],
    seeds: [bytesOf(formatCutPoints(three)), bytesOf(formatCutPoints(three.slice(2))), bytesOf(`{"format":${deep}}`)],
    limit: linear,
    read(bytes) {
      const text = textOf(bytes);
      const parsed = parseCutPoints(text);
      expectSame('written again', formatCutPoints(parseCutPoints(formatCutPoints(parsed))), formatCutPoints(parsed));
      const file = (JSON.parse(text) as { cutPoints: { threshold: unknown }[] }).cutPoints;
      expectSame(
        'thresholds',
        parsed.map(({ threshold }) => threshold),
        file.map(({ threshold }) => Number(threshold)),
      );
      expectThat('names are different', new Set(parsed.map(({ name }) => name)).size === file.length);
    },
  };
}
