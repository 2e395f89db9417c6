import { FormatError } from '../../core/errors';
import {
  macroMean,
  METRICS,
  type Evaluation,
  type EvaluationMetrics,
  type GroupEvaluation,
  type SetEvaluation,
} from './evaluation';
import { copyJson, isRecord, parseJson, type RefuseValue } from '../../core/json';
import { byteOffsetOf } from './json-offset';

type Path = readonly string[];
const ROUNDING = 1e-9;

const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80));

/** What checks one value at its path, and gives it its type. */
function checksBy(refuse: RefuseValue) {
  const record = (value: unknown, path: Path) => (isRecord(value) ? value : refuse(path, 'an object', shown(value)));
  const number = (value: unknown, path: Path, expected: string, test: (value: number) => boolean): number =>
    typeof value === 'number' && test(value) ? value : refuse(path, expected, shown(value));
  const share = (value: unknown, path: Path) => number(value, path, 'a number from 0 to 1', (x) => x >= 0 && x <= 1);
  const count = (value: unknown, path: Path) =>
    number(value, path, 'a whole number from 1', (x) => Number.isSafeInteger(x) && x >= 1);
  const names = (value: unknown, path: Path): string[] =>
    Array.isArray(value) && value.every((name): name is string => typeof name === 'string')
      ? value
      : refuse(path, 'a list of names', shown(value));
  return { refuse, record, number, share, count, names };
}
type Checks = ReturnType<typeof checksBy>;

/** A number that follows from others: the same but for rounding. */
function derived({ number }: Checks, value: unknown, path: Path, expected: number): number {
  return number(value, path, `${expected}, as the others say`, (x) => Math.abs(x - expected) <= ROUNDING);
}

function parseSet(value: unknown, path: Path, inCount: number, checks: Checks): SetEvaluation {
  const { refuse, record, number, share, count } = checks;
  const from = record(value, path);
  const at = (name: string): [unknown, Path] => [from[name], [...path, name]];
  const outCount = count(...at('outCount'));
  const auroc = record(...at('auroc'));
  const inAuroc = (name: string): [unknown, Path] => [auroc[name], [...path, 'auroc', name]];
  const [area, { method }] = [share(...inAuroc('value')), auroc];
  return {
    inCount: number(...at('inCount'), `${inCount}, as inCount`, (x) => x === inCount),
    outCount,
    prevalence: derived(checks, ...at('prevalence'), outCount / (inCount + outCount)),
    auroc: {
      value: area,
      standardError: number(...inAuroc('standardError'), 'a number from 0', (x) => x >= 0),
      // A logit and back may be off by a rounding.
      lower: number(...inAuroc('lower'), `from 0 to ${area}`, (x) => x >= 0 && x <= area + ROUNDING),
      upper: number(...inAuroc('upper'), `from ${area} to 1`, (x) => x >= area - ROUNDING && x <= 1),
      confidence: number(...inAuroc('confidence'), 'between 0 and 1', (x) => x > 0 && x < 1),
      method:
        method === 'delong' || method === 'delong-logit'
          ? method
          : refuse([...path, 'auroc', 'method'], "'delong-logit' or 'delong'", shown(method)),
    },
    auprIn: share(...at('auprIn')),
    auprOut: share(...at('auprOut')),
    fprAt95TprInPositive: share(...at('fprAt95TprInPositive')),
    fprAt95TprOutPositive: share(...at('fprAt95TprOutPositive')),
    detectionError: share(...at('detectionError')),
  };
}

function parseGroup(value: unknown, path: Path, sets: Evaluation['sets'], checks: Checks): GroupEvaluation {
  const from = checks.record(value, path);
  const inSets = [...path, 'sets'];
  const names = checks.names(from.sets, inSets);
  if (names.length === 0) checks.refuse(inSets, 'at least one name', 'none');
  names.forEach((name, i) => {
    if (Object.hasOwn(sets, name) && names.indexOf(name) === i) return;
    checks.refuse([...inSets, String(i)], 'the name of a set, once', shown(name));
  });
  const expected = macroMean(names.map((name) => sets[name]!));
  const means = METRICS.map((metric): [keyof EvaluationMetrics, number] => [
    metric,
    derived(checks, from[metric], [...path, metric], expected[metric]),
  ]);
  return { sets: names, ...(Object.fromEntries(means) as Record<keyof EvaluationMetrics, number>) };
}

/**
 * Reads what `JSON.stringify(evaluate(...))` wrote, and checks all of it: types, ranges, names, and that means and
 * shares agree with what they follow from. What it does not know is left out.
 *
 * @param json the text
 * @param file name for the error messages
 * @throws FormatError naming the path of the first wrong value, such as `sets.svhn.auroc.value`, and its byte
 * @example
 * const again = parseEvaluation(JSON.stringify(evaluate({ in: [1, 2], out: { svhn: [3] } })));
 */
export function parseEvaluation(json: string, file = 'evaluation'): Evaluation {
  const where = 'parseEvaluation';
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    const place = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0);
    const offset = new TextEncoder().encode(String(json).slice(0, place)).length;
    throw new FormatError(where, file, 'JSON', (error as Error).message, offset);
  }
  const refuse: RefuseValue = (path, expected, received) => {
    const what = path.length === 0 ? file : path.join('.');
    throw new FormatError(where, what, expected, received, byteOffsetOf(json, path));
  };
  const checks = checksBy(refuse);
  const from = checks.record(value, []);
  if (from.format !== 'tfjs-ood/evaluation') refuse(['format'], "'tfjs-ood/evaluation'", shown(from.format));
  if (from.version !== 1) refuse(['version'], '1', shown(from.version));
  const { name, accuracy, about } = from;
  if (name !== undefined && typeof name !== 'string') return refuse(['name'], 'a string', shown(name));
  const inCount = checks.count(from.inCount, ['inCount']);
  const sets = Object.fromEntries(
    Object.entries(checks.record(from.sets, ['sets'])).map(([set, one]) => [
      set,
      parseSet(one, ['sets', set], inCount, checks),
    ]),
  );
  if (Object.keys(sets).length === 0) refuse(['sets'], 'at least one set', 'none');
  const groups = Object.fromEntries(
    Object.entries(checks.record(from.groups, ['groups'])).map(([group, one]) => [
      group,
      parseGroup(one, ['groups', group], sets, checks),
    ]),
  );
  return {
    format: 'tfjs-ood/evaluation',
    version: 1,
    ...(name === undefined ? {} : { name }),
    ...(accuracy === undefined ? {} : { accuracy: checks.share(accuracy, ['accuracy']) }),
    inCount,
    sets,
    groups,
    ...(about === undefined ? {} : { about: copyJson(about, ['about'], refuse) }),
  };
}
