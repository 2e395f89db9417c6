import { ANY_SHARE, ANYTHING, check, COUNT, exactly, NOT_NEGATIVE, OBJECT, type Rule, TEXT } from '../../core/check';
import { FormatError } from '../../core/errors';
import { copyJson, parseJson, type RefuseValue } from '../../core/saved/json';
import { readFields, shownJson, type SavedFields } from '../../core/saved/read-saved';
import { INTERVAL_OPTIONS } from '../intervals/auroc-interval';
import {
  macroMean,
  METRICS,
  type AurocWithInterval,
  type Evaluation,
  type EvaluationMetrics,
  type GroupEvaluation,
  type SetEvaluation,
} from './evaluation';
import { byteOffsetOf } from './json-offset';

type Path = readonly string[];
const ROUNDING = 1e-9;

const NAMES: Rule = {
  expected: 'a list of names',
  holds: (value: unknown) => Array.isArray(value) && value.every(TEXT.holds),
};
const WHOLE = {
  format: [exactly('tfjs-ood/evaluation')],
  version: [exactly(1)],
  name: [TEXT, undefined],
  accuracy: [ANY_SHARE, undefined],
  inCount: [COUNT],
  sets: [OBJECT],
  groups: [OBJECT],
  about: [ANYTHING, undefined],
} as const;
const AUROC = {
  value: [ANY_SHARE],
  standardError: [NOT_NEGATIVE],
  lower: [ANY_SHARE],
  upper: [ANY_SHARE],
  confidence: [INTERVAL_OPTIONS.confidence[0]],
  method: [INTERVAL_OPTIONS.method[0]],
} as const satisfies SavedFields<AurocWithInterval>;
const SHARES = Object.fromEntries(
  METRICS.map((metric) => [metric, [ANY_SHARE]]),
) as unknown as SavedFields<EvaluationMetrics>;
const SET: SavedFields<SetEvaluation> = {
  inCount: [COUNT],
  outCount: [COUNT],
  prevalence: [ANY_SHARE],
  ...SHARES,
  auroc: [OBJECT],
};
const GROUP: SavedFields<GroupEvaluation> = { sets: [NAMES], ...SHARES };

/** Refuses a number that does not follow from the others, but for rounding. */
function checkDerived(refuse: RefuseValue, value: number, path: Path, expected: number): void {
  if (Math.abs(value - expected) > ROUNDING) refuse(path, `${expected}, as the others say`, shownJson(value));
}

function parseSet(value: unknown, path: Path, inCount: number, refuse: RefuseValue): SetEvaluation {
  const set = readFields<SetEvaluation>(refuse, value, SET, path);
  if (set.inCount !== inCount) refuse([...path, 'inCount'], `${inCount}, as inCount`, shownJson(set.inCount));
  checkDerived(refuse, set.prevalence, [...path, 'prevalence'], set.outCount / (inCount + set.outCount));
  const auroc = readFields<AurocWithInterval>(refuse, set.auroc, AUROC, [...path, 'auroc']);
  const { value: area, lower, upper } = auroc;
  // A logit and back may be off by a rounding.
  if (lower > area + ROUNDING) refuse([...path, 'auroc', 'lower'], `from 0 to ${area}`, shownJson(lower));
  if (upper < area - ROUNDING) refuse([...path, 'auroc', 'upper'], `from ${area} to 1`, shownJson(upper));
  return { ...set, auroc };
}

function parseGroup(value: unknown, path: Path, sets: Evaluation['sets'], refuse: RefuseValue): GroupEvaluation {
  const group = readFields<GroupEvaluation>(refuse, value, GROUP, path);
  const names = group.sets;
  const inSets = [...path, 'sets'];
  if (names.length === 0) refuse(inSets, 'at least one name', 'none');
  names.forEach((name, i) => {
    if (Object.hasOwn(sets, name) && names.indexOf(name) === i) return;
    refuse([...inSets, String(i)], 'the name of a set, once', shownJson(name));
  });
  const expected = macroMean(names.map((name) => sets[name]!));
  for (const metric of METRICS) checkDerived(refuse, group[metric], [...path, metric], expected[metric]);
  return group;
}

/**
 * Reads what `JSON.stringify(evaluate(...))` wrote, and checks all of it: types, ranges, names, and that means and
 * shares agree with what they follow from. What it does not know is refused.
 *
 * @param json the text
 * @param file name for the error messages
 * @throws FormatError naming the path of the first wrong value, such as `sets.svhn.auroc.value`, and its byte
 * @example
 * const again = parseEvaluation(JSON.stringify(evaluate({ in: [1, 2], out: { svhn: [3] } })));
 */
export function parseEvaluation(json: string, file = 'evaluation'): Evaluation {
  const where = 'parseEvaluation';
  check(where, 'json', json, TEXT);
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    const place = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0);
    const offset = new TextEncoder().encode(json.slice(0, place)).length;
    throw new FormatError(where, file, 'JSON', (error as Error).message, offset);
  }
  const refuse: RefuseValue = (path, expected, received) => {
    const what = path.length === 0 ? file : path.join('.');
    throw new FormatError(where, what, expected, received, byteOffsetOf(json, path));
  };
  const whole = readFields<Omit<Evaluation, 'about'> & { about: unknown }>(refuse, value, WHOLE, []);
  const { name, accuracy, inCount, about } = whole;
  const sets = Object.fromEntries(
    Object.entries(whole.sets).map(([set, one]) => [set, parseSet(one, ['sets', set], inCount, refuse)]),
  );
  if (Object.keys(sets).length === 0) refuse(['sets'], 'at least one set', 'none');
  const groups = Object.fromEntries(
    Object.entries(whole.groups).map(([group, one]) => [group, parseGroup(one, ['groups', group], sets, refuse)]),
  );
  return {
    format: whole.format,
    version: whole.version,
    ...(name === undefined ? {} : { name }),
    ...(accuracy === undefined ? {} : { accuracy }),
    inCount,
    sets,
    groups,
    ...(about === undefined ? {} : { about: copyJson(about, ['about'], refuse) }),
  };
}
