import { ArgumentError } from '../../core/errors';
import { COMBINE, ensembleState, KIND, restoredEnsemble, type Combine, type FittedEnsemble } from './ensemble-state';
import { finiteScores } from '../contract/finite-scores';
import { pauses } from '../../core/pauses';
import { readFitOptions, readScoreOptions } from '../contract/fit-options';
import { heldScores, fitMembers } from './fit-members';
import { inUse } from '../contract/in-use';
import { INTEGER, oneOf, SHARE } from '../../core/check';
import { lazyPartials } from '../partial/lazy-partials';
import { readOptions } from '../../core/read-options';
import type { Batch, FitBlock, FitNeed, Need, Scorer, ScorerMethod } from '../contract/scorer';
import { readNumbers, type Widths } from '../contract/read-numbers';
import { checkedImages } from '../contract/split-block';
import { surpriseBy } from './surprise';

const WHERE = 'ensemble';

/** Options of {@link ensemble}. */
export interface EnsembleOptions {
  /** `'fisher'` (default): -2 times the sum of log p; `'max'`: -log of the smallest p. */
  combine?: Combine;
  /** Share of the rows that is kept from the members' fits and calibrates them, default 0.2. */
  calibrationShare?: number;
  /** Which rows; default 1. */
  seed?: number;
}

/** The batch with its rows read once for all members; images stay the tensor they are. */
async function readBatch(batch: Partial<Batch>, needs: readonly Need[], widths: Widths) {
  const read = await readNumbers(WHERE, batch, needs, widths);
  if (!needs.includes('images')) return { ...read, images: undefined };
  const images = checkedImages(WHERE, batch, read);
  return { ...read, count: images.shape[0], images };
}

/** Adds a member's surprise to what the members before it gave. */
const COMBINED: Readonly<Record<Combine, (before: number, surprise: number) => number>> = {
  fisher: (before, surprise) => before + 2 * surprise,
  max: (before, surprise) => Math.max(before, surprise),
};

function scorerOf<N extends Need>(fitted: FittedEnsemble): Scorer<N> {
  const { members, needs, combine, widths } = fitted;
  const surprises = fitted.calibration.map(surpriseBy);
  const combined = COMBINED[combine];
  const largest = members.map(({ largestScore }, i) =>
    largestScore === undefined ? Infinity : surprises[i]!(largestScore),
  );
  const mostOf = largest.reduce((before, own) => combined(before, own), 0);
  const guard = inUse(WHERE);

  /** Its members may take rows in: their scores fall, so their surprise does, and so does what is made of it. */
  async function takeIn(rows: FitBlock<'features' | 'labels'>): Promise<Scorer<N>> {
    guard.check();
    const next = [...members];
    try {
      for (const [i, member] of members.entries()) if (member.takeIn) next[i] = await member.takeIn(rows);
    } catch (error) {
      next.forEach((member, i) => member !== members[i] && member.dispose());
      throw error;
    }
    guard.end();
    return scorerOf({ ...fitted, members: next });
  }
  return {
    kind: KIND,
    needs: needs as readonly N[],
    largestScore: Number.isFinite(mostOf) ? Math.fround(mostOf) : undefined,
    async score(batch, how) {
      const { signal } = readScoreOptions(WHERE, how);
      await pauses(signal)();
      guard.check();
      const { images, ...read } = await readBatch(batch, needs, widths);
      const scores = new Float64Array(read.count);
      for (const [i, member] of members.entries()) {
        const given = { features: read.features!, logits: read.logits!, images: images! };
        const own = await member.score(given, signal && { signal });
        own.forEach((score, row) => (scores[row] = combined(scores[row]!, surprises[i]!(score))));
      }
      return finiteScores(WHERE, scores);
    },
    ...(members.some((member) => member.takeIn) && { takeIn }),
    state: () => ensembleState(fitted),
    dispose() {
      guard.end();
      members.forEach((member) => member.dispose());
    },
  };
}

/**
 * Several scorers as one: each score becomes a p-value, and these are combined.
 *
 * p_m(x) = (1 + #{c : s_m(c) >= s_m(x)}) / (n + 1) over the n rows c that were held out of the fits: no scale or sign
 * has to be chosen. s(x) = -2 sum over m of log p_m(x) (Fisher), or -log min over m of p_m(x) (`'max'`: one member's
 * alarm is enough). Members are not independent, so s is no chi-square: calibrate a threshold for it as for any other.
 *
 * p_m ends at 1 / (n + 1). So that what lies beyond all n rows does not tie with the strangest known rows, -log p_m is
 * there log(n + 1) + log1p((s_m(x) - c) / (c - median)), with c the largest and the median of the n scores: farther is
 * stranger without end, unless a member's score has an end itself.
 *
 * One pass over the blocks; `calibrationShare` of the rows, drawn by `seed`, is held (and kept in memory until the
 * end). Needs what its members need, for the calibration too. Each member sees the others: classes of a few rows can
 * be lost to it.
 *
 * Source: Fisher 1932; Vovk, Gammerman, Shafer 2005 (conformal p-values).
 *
 * @throws ArgumentError for no member, an option out of range, or too few rows to fit and calibrate with; ShapeError
 *   for unequal numbers of rows; what the members throw
 * @example
 * const scorer = await ensemble([nearestNeighbors({ k: 10 }), msp()]).fit(blocks, {});
 * await scorer.score({ features, logits });
 */
export function ensemble<N extends Need, F extends FitNeed>(
  methods: readonly ScorerMethod<N, F>[],
  options?: EnsembleOptions,
): ScorerMethod<N, F | N> {
  if (!Array.isArray(methods) || methods.length === 0) {
    const received = Array.isArray(methods) ? 'none' : typeof methods;
    throw new ArgumentError(WHERE, 'methods', 'at least one method', received);
  }
  const { combine, calibrationShare, seed } = readOptions(WHERE, options, {
    combine: [oneOf(...COMBINE), 'fisher'],
    calibrationShare: [SHARE, 0.2],
    seed: [INTEGER, 1],
  });
  const known: readonly ScorerMethod<N, F>[] = methods;
  const members = known as readonly unknown[] as readonly ScorerMethod[];
  const needs = [...new Set(known.flatMap((method) => method.needs))];
  const fitNeeds = [...new Set<F | N>([...known.flatMap((method) => method.fitNeeds), ...needs])];
  return {
    kind: KIND,
    needs,
    fitNeeds,
    members,
    async fit(blocks, parts) {
      const { signal } = readFitOptions(WHERE, parts);
      const how = { share: calibrationShare, seed, needs, fitNeeds: new Set<FitNeed>(fitNeeds) };
      const { members: fitted, held, widths } = await fitMembers(WHERE, members, blocks, parts, how);
      try {
        const calibration: Float32Array[] = [];
        const blocks = await held.blocks(pauses(signal));
        for (const member of fitted) calibration.push(await heldScores(member, blocks, signal));
        return scorerOf<N>({ members: fitted, needs, combine, widths, calibration });
      } catch (error) {
        fitted.forEach((member) => member.dispose());
        throw error;
      }
    },
    ...lazyPartials<N, F | N, Scorer<N>>(async () =>
      (await import('./partial-ensemble')).partialEnsembles({
        where: WHERE,
        kind: KIND,
        members,
        needs,
        fitNeeds,
        share: calibrationShare,
        seed,
        options: { combine, calibrationShare, seed, members: members.map(({ kind }) => kind) },
        scorerOf: (found) => scorerOf({ ...found, needs, combine }),
      }),
    ),
    restore: (state, parts) => scorerOf<N>(restoredEnsemble(`${WHERE}.restore`, members, needs, state, parts)),
  };
}
