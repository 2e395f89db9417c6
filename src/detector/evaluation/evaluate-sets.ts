import { check, OBJECT } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import type { Pause } from '../../core/pauses';
import { tagOf } from '../../core/shown-value';
import { evaluate } from '../../metrics/evaluation/evaluate';
import type { Evaluation } from '../../metrics/evaluation/evaluation';
import { alarmsOf } from '../../thresholds/conformal-threshold';
import { isStream } from '../known/block-stream';
import { countedShare } from './counted-share';
import type {
  CalledOod,
  DetectorEvaluation,
  EvaluatedRows,
  FalseAlarms,
  StrangeEvaluation,
} from './detector-evaluation';
import { findingOf } from './finding';
import { keptPromise, type Promised } from './kept-promise';
import { knownSentence, setSentence, wholeSentence, type Told, type ToldSet } from './sentences';
import { setIntervals } from './set-intervals';
import { setVerdicts, type EvaluatedVerdict, type SetReader, type SetVerdicts } from './set-verdicts';

/** A detector as its evaluation sees it. */
export interface OnTrial<Block> extends SetReader<Block> {
  /** What rows are: `'images'`. */
  noun: string;
  cutPoints: Readonly<Record<string, number>>;
  /** The cut-point that the sentences tell of, and that `predict` uses. */
  cutPoint: string;
  confidence: number;
  pause: Pause;
  promised: Promised;
  /** Whether a verdict is OoD at another rate. */
  isOodAt(alpha: number): (verdict: EvaluatedVerdict) => boolean;
  /** The threshold of scores at a rate, where there is one. */
  thresholdAt(alpha: number): number | undefined;
}

/** The strange sets, by their names. @throws ArgumentError where there are none, or one is called as the known set */
function strangeSets(where: string, strange: unknown): [name: string, rows: unknown][] {
  const expected = 'an object { name: images } with at least one set';
  if (tagOf(strange) !== '[object Object]' || isStream(strange)) {
    throw new ArgumentError(where, 'strange', expected, strange);
  }
  const sets = Object.entries(strange as object);
  if (sets.length === 0) throw new ArgumentError(where, 'strange', expected, 'none');
  if (Object.hasOwn(strange as object, 'known')) {
    throw new ArgumentError(where, 'strange', "without the name 'known', which the known set has", 'known');
  }
  return sets;
}

/** Where each name comes first: a verdict has a name alone, which two classes may share. */
function firstIndices(classNames: readonly string[] = []): Map<string, number> {
  const indices = new Map<string, number>();
  for (const [i, name] of classNames.entries()) if (!indices.has(name)) indices.set(name, i);
  return indices;
}

/** Indices of the labels of verdicts; undefined where there are none, or lists of tags. */
function nearestOf({ verdicts }: SetVerdicts, classNames: readonly string[] | undefined): number[] | undefined {
  const indices = firstIndices(classNames);
  const nearest = verdicts.map(({ label }) => (typeof label === 'number' ? label : indices.get(label as string)));
  return nearest.some((index) => index === undefined) ? undefined : (nearest as number[]);
}

/**
 * Runs a detector on sets whose answers are known, and says what came, with how sure that is.
 *
 * @throws as `predict`, naming the set; ArgumentError for a set without rows
 */
export async function evaluateSets<Block>(
  detector: OnTrial<Block>,
  given: EvaluatedRows<unknown, unknown>,
): Promise<DetectorEvaluation> {
  const { where, noun, cutPoints, cutPoint, confidence, pause, promised, classNames } = detector;
  check(where, 'sets', given, OBJECT);
  const strange = strangeSets(where, given.strange);
  await pause();
  const known = await setVerdicts(detector, 'known', given.known, true);
  const out: { name: string; said: SetVerdicts }[] = [];
  for (const [name, rows] of strange) {
    out.push({ name, said: await setVerdicts(detector, `strange.${name}`, rows, false) });
  }

  const calledAt = ({ verdicts }: SetVerdicts, name: string): CalledOod => {
    const alpha = cutPoints[name]!;
    const isOod = name === cutPoint ? (verdict: EvaluatedVerdict) => verdict.isOod : detector.isOodAt(alpha);
    return { alpha, ...countedShare(verdicts.filter(isOod).length, verdicts.length, confidence) };
  };
  const falseAlarms = (name: string): FalseAlarms => {
    const called = calledAt(known, name);
    return { ...called, promise: keptPromise(promised, called.alpha, called) };
  };
  const atEach = <T>(of: (name: string) => T): Record<string, T> =>
    Object.fromEntries(Object.keys(cutPoints).map((name) => [name, of(name)]));
  const partsOf = (said: SetVerdicts) => {
    const nearest = nearestOf(said, classNames);
    return {
      scores: said.verdicts.map(({ score }) => score),
      pValues: said.verdicts.map(({ pValue }) => pValue),
      ...(nearest && { nearest }),
    };
  };

  const alpha = cutPoints[cutPoint]!;
  const { allowed } = alarmsOf(promised.count, alpha, promised.confidence);
  const told: Told = { noun, count: promised.count, isCross: promised.folds > 1, canAlarm: allowed > 0 };
  const alarms = atEach(falseAlarms);
  const here = alarms[cutPoint]!;
  const knownParts = partsOf(known);
  const firsts = firstIndices(classNames);
  const labels = known.labels?.map((label) => firsts.get(classNames?.[label] ?? '') ?? label);
  const accuracy =
    labels &&
    knownParts.nearest &&
    countedShare(labels.filter((label, i) => label === knownParts.nearest![i]).length, labels.length, confidence);

  const sets: ToldSet[] = [];
  const results: StrangeEvaluation[] = [];
  const evaluations: Evaluation[] = []; // one a set, with pauses between
  for (const { name, said } of out) {
    await pause();
    const found = atEach((at) => calledAt(said, at));
    const finding = findingOf(found[cutPoint]!, here, told.canAlarm);
    const set: ToldSet = { name, found: found[cutPoint]!, finding };
    const parts = partsOf(said);
    sets.push(set);
    evaluations.push(
      evaluate(
        { in: knownParts.scores, out: { [name]: parts.scores } },
        { confidence, ...(accuracy && { accuracy: accuracy.share }) },
      ),
    );
    results.push({
      name,
      sentence: setSentence(set, here, told),
      finding,
      found,
      ...parts,
      intervals: await setIntervals(knownParts.scores, parts.scores, confidence, pause),
    });
  }
  const threshold = detector.thresholdAt(alpha);
  return {
    format: 'tfjs-ood/detector-evaluation',
    version: 1,
    sentence: wholeSentence(sets, here, told),
    cutPoint,
    alpha,
    confidence,
    ...(threshold !== undefined && Number.isFinite(threshold) && { threshold }),
    evaluation: {
      ...evaluations[0]!,
      sets: Object.fromEntries(evaluations.flatMap((one) => Object.entries(one.sets))),
    },
    known: {
      name: 'known',
      sentence: knownSentence(here, accuracy, told),
      falseAlarms: alarms,
      ...knownParts,
      ...(labels && { labels }),
      ...(accuracy && { accuracy }),
    },
    out: results,
    ...(classNames && { classNames: [...classNames] }),
  };
}
