import { ArgumentError } from '../../core/errors';
import { pauses, type Pause } from '../../core/pauses';
import type { Head, LogitMeaning, ScorerMethod } from '../../scorers/contract/scorer';
import type { KnownBlock } from '../known/known-rows';
import { rowsFrom } from '../known/known-rows';
import { allowedScorers, methodsByName } from './allowed-scorers';
import { bestScorer } from './best-scorer';
import type { ComparedScorer, ScorerComparison, ScorerFigures } from './comparison';
import { comparisonText } from './comparison-text';
import { leftOutClasses } from './left-out-classes';
import { meanAuroc, meanLimits, type MeanAuroc } from './mean-auroc';
import { drawnCounts, meanFpr } from './mean-fpr';
import { scoredMethod, type ScoredMethod } from './scored-method';
import type { ScoredTrial, Trial, TrialRows, Unknown } from './trial';

/** Rows that stand for the unknown. */
export interface StrangeRows {
  name: string;
  isProxy: boolean;
  about: string;
  rows: KnownBlock;
  /** Row i was made of the i-th held-out row. */
  isOfHeld?: boolean;
}

/** What a model gave, once for all scorers. */
export interface ComparedRows {
  fit: KnownBlock;
  held: KnownBlock;
  strange: readonly StrangeRows[];
  head: Head | undefined;
  meaning: LogitMeaning;
  /** Whether classes are left out in turn. */
  isLeavingOut: boolean;
  /** Why there are no images to make, for the error where nothing is unknown. */
  notMade: string;
}

/** How it is compared. */
export interface ComparedHow {
  scorers: Readonly<Record<string, ScorerMethod>>;
  only: readonly string[] | undefined;
  maxClasses: number;
  confidence: number;
  seed: number;
  signal: AbortSignal | undefined;
}

const FEWEST = 2;

const countOf = ({ features, logits }: KnownBlock): number => (features ?? logits)?.shape[0] ?? 0;

/** Known rows, and after them unknown ones, each with a number of its own; what is made of a row has its number. */
function numbered({ fit, held, strange }: ComparedRows) {
  const [fitCount, heldCount] = [countOf(fit), countOf(held)];
  const strata: number[] = [];
  for (const [part, { labels }] of [fit, held].entries()) {
    for (let row = 0; row < [fitCount, heldCount][part]!; row++) strata.push(2 * (labels?.[row] ?? 0) + part);
  }
  const heldIds = rowsFrom(fitCount, heldCount);
  const sets = strange.map(({ rows, isOfHeld }, set): TrialRows => {
    if (isOfHeld) return { rows, ids: heldIds };
    const ids = rowsFrom(strata.length, countOf(rows));
    ids.forEach(() => strata.push(-1 - set));
    return { rows, ids };
  });
  return {
    fit: { rows: fit, ids: rowsFrom(0, fitCount) },
    held: { rows: held, ids: heldIds },
    sets,
    strata: Int32Array.from(strata),
  };
}

/** All that stands for the unknown. @throws ArgumentError where nothing does */
function unknownsOf(
  where: string,
  given: ComparedRows,
  rows: ReturnType<typeof numbered>,
  how: ComparedHow,
): Unknown[] {
  const { strange, head, isLeavingOut, notMade } = given;
  const { fit, held, sets } = rows;
  const unknowns: Unknown[] = strange.map(({ name, isProxy, about }, i) => {
    const outside = sets[i]!;
    if (outside.ids.length < FEWEST) {
      throw new ArgumentError(where, `strange.${name}`, `at least ${FEWEST} rows`, `${outside.ids.length} rows`);
    }
    return { name, isProxy, about, trials: [{ fit: fit.rows, head, inside: held, outside } satisfies Trial] };
  });
  const leftOut = isLeavingOut ? leftOutClasses({ fit, held, head }, how.maxClasses, how.seed) : undefined;
  if (leftOut) unknowns.unshift(leftOut);
  const names = unknowns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new ArgumentError(where, 'strange', 'sets of other names than those of stand-ins', twice);
  }
  if (unknowns.length > 0) return unknowns;
  const expected =
    `given, as nothing else stands for the unknown (${notMade}, and there are no labels of two classes with ` +
    `${FEWEST} rows each to leave one out): { strange: { name: what your model does not know } }`;
  throw new ArgumentError(where, 'strange', expected, 'none');
}

/** How figures are found. */
interface Measure {
  strata: Int32Array;
  draws: readonly Uint16Array[];
  confidence: number;
  pause: Pause;
}

const figuresOf = async (
  where: string,
  trials: readonly ScoredTrial[],
  { strata, draws, confidence, pause }: Measure,
): Promise<ScorerFigures & { mean: MeanAuroc }> => {
  const mean = await meanAuroc(where, trials, strata.length, pause);
  const [aurocLower, aurocUpper] = meanLimits(mean, confidence);
  const { value, lower, upper } = await meanFpr(trials, draws, confidence, pause);
  const limits = { fprAt95TprInPositive: value, fprLower: lower, fprUpper: upper };
  return { mean, auroc: mean.value, aurocLower, aurocUpper, ...limits };
};

const plain = ({ mean, ...figures }: Awaited<ReturnType<typeof figuresOf>>): ScorerFigures => (void mean, figures);

/** What to know before the numbers are believed. */
function warningsFor(unknowns: readonly Unknown[]): string[] {
  const proxies = unknowns.filter(({ isProxy }) => isProxy).map(({ name }) => name);
  if (proxies.length === 0) return [];
  return [
    `Stand-ins, and no images of what is unknown: ${proxies.join(', ')}. They may rank scorers otherwise than what ` +
      `your model will meet does; give strange images where you have some.`,
  ];
}

/** Fits and scores all methods on outputs that are there, and makes the table. */
export async function compareRows(where: string, given: ComparedRows, how: ComparedHow): Promise<ScorerComparison> {
  const { fit, held, head, meaning } = given;
  const { confidence, seed, scorers: own } = how;
  if (countOf(held) < FEWEST) {
    throw new ArgumentError(where, 'rows', `enough that ${FEWEST} can be held out`, `${countOf(held)} held out`);
  }
  const rows = numbered(given);
  const unknowns = unknownsOf(where, given, rows, how);
  const offered = {
    features: fit.features !== undefined,
    columns: fit.logits?.shape[1] ?? 0,
    labels: fit.labels !== undefined,
    head,
    meaning,
  };
  const methods = methodsByName(where, own, how.only);
  const { allowed, leftOut } = allowedScorers(where, methods, offered, (name) => Object.hasOwn(own, name));
  const whole = { fit: rows.fit.rows, head, inside: rows.held };
  const found: { name: string; method: ScorerMethod; scored: ScoredMethod }[] = [];
  for (const [name, method] of allowed) {
    const scored = await scoredMethod(method, whole, unknowns, how.signal);
    if (typeof scored === 'string') leftOut.push({ name, reason: scored });
    else found.push({ name, method, scored });
  }
  if (found.length === 0) {
    const reasons = leftOut.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    throw new ArgumentError(where, 'scorers', 'such that one at least can be compared', reasons);
  }

  const pause = pauses(how.signal);
  const measure = { strata: rows.strata, draws: await drawnCounts(rows.strata, seed, pause), confidence, pause };
  const table: { row: ComparedScorer; mean: MeanAuroc }[] = [];
  for (const { name, method, scored } of found) {
    const { byUnknown, ...cost } = scored;
    const all = byUnknown.flatMap((trials) => trials.map((one) => ({ ...one, weight: one.weight / byUnknown.length })));
    const total = await figuresOf(where, all, measure);
    const sets: [name: string, figures: ScorerFigures][] = [];
    for (const [i, { name: set }] of unknowns.entries()) {
      sets.push([set, plain(await figuresOf(where, byUnknown[i]!, measure))]);
    }
    const row: ComparedScorer = { name, kind: method.kind, ...plain(total), ...cost, sets: Object.fromEntries(sets) };
    table.push({ row, mean: total.mean });
  }
  table.sort((a, b) => b.row.auroc - a.row.auroc);
  const scorers = table.map(({ row }) => row);
  const sets = unknowns.map(({ name, isProxy, about, trials }) => {
    const count = trials.reduce((sum, { outside }) => sum + outside.ids.length, 0);
    const best = scorers.reduce((most, one) => (one.sets[name]!.auroc > most.sets[name]!.auroc ? one : most));
    return { name, isProxy, about, count, best: best.name };
  });
  const best = await bestScorer(
    scorers.map(({ name }) => name),
    table.map(({ mean }) => mean),
    confidence,
    pause,
  );
  const result = {
    scorers,
    best,
    sets,
    leftOut,
    fitCount: countOf(fit),
    heldOutCount: countOf(held),
    confidence,
    seed,
    warnings: warningsFor(unknowns),
  };
  return { ...result, text: comparisonText(result) };
}
