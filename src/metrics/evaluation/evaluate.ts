import { ANY_SHARE, ANYTHING, check, OBJECT, RECORD, TEXT } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions, type Declared } from '../../core/read-options';
import { checkScores, type Scores } from '../../core/scores';
import { aurocInterval, INTERVAL_OPTIONS } from '../intervals/auroc-interval';
import { averagePrecision } from '../average-precision';
import { cumulativeCounts, type RankedScores } from '../cumulative-counts';
import { detectionError } from '../detection-error';
import { macroMean, type Evaluation, type GroupEvaluation, type SetEvaluation } from './evaluation';
import { fprAtTpr } from '../fpr-at-tpr';
import { copyJson, type Json, type RefuseValue } from '../../core/saved/json';

/** Scores of one detector; higher = more out of distribution. */
export interface EvaluationScores {
  /** In-distribution scores [N]. */
  in: Scores;
  /** Scores of each OoD set, by its name. */
  out: Readonly<Record<string, Scores>>;
}

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  /** Sets that belong together, such as near and far: macro means are taken over each group. */
  groups?: Readonly<Record<string, readonly string[]>>;
  /** Of the intervals of AUROC; 0.95 by default. */
  confidence?: number;
  /** Of the intervals, as of `aurocInterval`: `'delong-logit'` by default. */
  method?: 'delong-logit' | 'delong';
  /** Of the detector. */
  name?: string;
  /** Share of in-distribution samples that are classified right, in [0, 1]. */
  accuracy?: number;
  /** Whatever belongs to the numbers: seed, model, data. */
  about?: Json;
}

const OPTIONS = {
  ...INTERVAL_OPTIONS,
  groups: [OBJECT, {}],
  name: [TEXT],
  accuracy: [ANY_SHARE],
  about: [ANYTHING],
} as const satisfies Declared<EvaluateOptions>;

const where = 'evaluate';
const refuse: RefuseValue = (path, expected, received) => {
  throw new ArgumentError(where, path.join('.'), expected, received);
};

type IntervalOptions = Required<Pick<EvaluateOptions, 'confidence' | 'method'>>;

function setEvaluation(ranked: RankedScores, interval: IntervalOptions): SetEvaluation {
  const { inCount, outCount } = ranked;
  const { auroc: value, standardError, lower, upper } = aurocInterval(ranked, interval);
  return {
    inCount,
    outCount,
    prevalence: outCount / (inCount + outCount),
    auroc: { value, standardError, lower, upper, ...interval },
    auprIn: averagePrecision(ranked, { positive: 'in' }),
    auprOut: averagePrecision(ranked, { positive: 'out' }),
    fprAt95TprInPositive: fprAtTpr(ranked, { tpr: 0.95, positive: 'in' }),
    fprAt95TprOutPositive: fprAtTpr(ranked, { tpr: 0.95, positive: 'out' }),
    detectionError: detectionError(ranked),
  };
}

function groupEvaluation(name: string, names: readonly string[], sets: Evaluation['sets']): GroupEvaluation {
  const what = `groups.${name}`;
  if (!Array.isArray(names) || names.length === 0) {
    throw new ArgumentError(where, what, 'a list of names of sets', JSON.stringify(names));
  }
  const known = Object.keys(sets);
  names.forEach((set: string, i) => {
    if (known.includes(set) && names.indexOf(set) === i) return;
    const expected = `names among ${known.join(', ')}, once each`;
    throw new ArgumentError(where, what, expected, names.indexOf(set) < i ? `${set} twice` : String(set));
  });
  return { sets: [...(names as string[])], ...macroMean(names.map((set: string) => sets[set]!)) };
}

/**
 * Every usual number of a detector on several OoD sets, as one plain object that JSON can hold.
 *
 * Each set is compared with the same in-distribution scores. A group's means are macro means: each set counts the same,
 * whatever its size, as is the practice for near and far OoD. They have no interval: the sets share their
 * in-distribution scores.
 *
 * Source: Yang et al., OpenOOD, NeurIPS 2022 (near and far); DeLong et al., Biometrics 44 (1988), for the intervals.
 *
 * @param scores `in`: [N]; `out`: scores of each OoD set by name; higher = more out of distribution
 * @throws ArgumentError for no set, an empty set (`out.svhn`), a group with an unknown name, or what JSON cannot hold;
 *   NotFiniteError naming the set and the first NaN or infinite score
 * @example
 * const scores = { in: [0.1, 0.4, 0.2], out: { svhn: [0.35, 0.8], noise: [0.9, 0.95] } };
 * const result = evaluate(scores, { groups: { far: ['noise'] } });
 * result.sets.svhn?.auroc.value; // 0.8333
 * result.groups.far?.auroc; // 1
 */
export function evaluate(scores: EvaluationScores, options?: EvaluateOptions): Evaluation {
  const { groups, confidence, method, name, accuracy, about } = readOptions(where, options, OPTIONS);
  check(where, 'scores', scores, OBJECT);
  const { in: inScores, out } = scores;
  checkScores(where, 'in', inScores);
  if (out !== undefined) check(where, 'out', out, RECORD);
  const outs = Object.entries(out ?? {});
  if (outs.length === 0) {
    throw new ArgumentError(where, 'out', 'at least one OoD set by its name', 'none');
  }
  for (const [set, own] of outs) checkScores(where, `out.${set}`, own);
  const sets = Object.fromEntries(
    outs.map(([set, own]) => [set, setEvaluation(cumulativeCounts(where, inScores, own), { confidence, method })]),
  );
  return {
    format: 'tfjs-ood/evaluation',
    version: 1,
    ...(name === undefined ? {} : { name }),
    ...(accuracy === undefined ? {} : { accuracy }),
    inCount: inScores.length,
    sets,
    groups: Object.fromEntries(
      Object.entries(groups).map(([group, names]) => [group, groupEvaluation(group, names, sets)]),
    ),
    ...(about === undefined ? {} : { about: copyJson(about, ['about'], refuse) }),
  };
}
