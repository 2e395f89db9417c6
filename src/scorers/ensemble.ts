import { ArgumentError, ShapeError } from '../errors';
import { COMBINE, ensembleState, KIND, restoredEnsemble, type Combine, type FittedEnsemble } from './ensemble-state';
import { finiteScores } from './finite-scores';
import { calibrate, fitMembers } from './fit-members';
import { inUse } from './in-use';
import { checkOption, checkWord, SHARE, type NumberRule } from './option-rules';
import type { Batch, FitNeed, Need, Scorer, ScorerMethod } from './scorer';
import { checkedImages, readBlock, type Widths } from './split-block';

const WHERE = 'ensemble';

/** Options of {@link ensemble}. */
export interface EnsembleOptions {
  /** `'fisher'` (default): -2 times the sum of log p; `'max'`: -log of the smallest p. */
  combine?: Combine;
  /** Share of the rows that is kept from the members' fits and calibrates them, default 0.2. */
  share?: number;
  /** Which rows; default 1. */
  seed?: number;
}

const SEED: NumberRule = { expected: 'an integer', holds: Number.isSafeInteger };

/** Share of an ascending list that is at least the score, the score among them: (1 + #{c >= s}) / (n + 1), a p-value. */
function pValue(ascending: Float32Array, score: number): number {
  let [low, high] = [0, ascending.length]; // the first that is not below the score
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return (1 + ascending.length - low) / (ascending.length + 1);
}

/** The batch with its rows read once for all members; images stay the tensor they are. */
async function readBatch(batch: Partial<Batch>, needs: readonly Need[], widths: Widths) {
  const read = await readBlock(WHERE, batch, new Set(needs.filter((need) => need !== 'images')), widths);
  if (!needs.includes('images')) return { ...read, images: undefined };
  const images = checkedImages(WHERE, batch);
  const rows = images.shape[0];
  if (needs.length > 1 && rows !== read.count) {
    const expected = `${read.count} rows, as the ${needs.find((need) => need !== 'images')}`;
    throw new ShapeError({ where: WHERE, what: 'images', expected, received: String(rows) });
  }
  return { ...read, count: rows, images };
}

function scorerOf<N extends Need>(fitted: FittedEnsemble): Scorer<N> {
  const { members, needs, combine, widths, calibration } = fitted;
  const guard = inUse(WHERE);
  return {
    kind: KIND,
    needs: needs as readonly N[],
    async score(batch) {
      guard.check();
      const { images, ...read } = await readBatch(batch, needs, widths);
      const scores = new Float64Array(read.count);
      for (const [i, member] of members.entries()) {
        const own = await member.score({ features: read.features!, logits: read.logits!, images: images! });
        own.forEach((score, row) => {
          const surprise = -Math.log(pValue(calibration[i]!, score));
          scores[row] = combine === 'fisher' ? scores[row]! + 2 * surprise : Math.max(scores[row]!, surprise);
        });
      }
      return finiteScores(WHERE, scores);
    },
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
 * p_m(x) = (1 + #{c : s_m(c) >= s_m(x)}) / (n + 1) over the n rows c that were held out of the fits: no scale or sign has to be chosen.
 * s(x) = -2 sum over m of log p_m(x) (Fisher), or -log min over m of p_m(x) (`'max'`: one member's alarm is enough). Members are not
 * independent, so s is no chi-square: calibrate a threshold for it as for any other. It is at most 2 M log(n + 1): what lies
 * beyond all calibration rows for every member ties.
 *
 * One pass over the blocks; `share` of the rows, drawn by `seed`, is held (and kept in memory until the end). Needs what its members
 * need, for the calibration too. Each member sees 1 - share of the rows: classes of a few rows can be lost to it.
 *
 * Source: Fisher 1932; Vovk, Gammerman, Shafer 2005 (conformal p-values).
 *
 * @throws ArgumentError for no member, an option out of range, or too few rows to fit and calibrate with; ShapeError for unequal numbers of
 *   rows; what the members throw
 * @example
 * const scorer = await ensemble([nearestNeighbours({ k: 10 }), msp()]).fit(blocks, {}); // blocks of { features, logits }
 * await scorer.score({ features, logits });
 */
export function ensemble<N extends Need, F extends FitNeed>(
  methods: readonly ScorerMethod<N, F>[],
  { combine = 'fisher', share = 0.2, seed = 1 }: EnsembleOptions = {},
): ScorerMethod<N, F | N> {
  if (!Array.isArray(methods) || methods.length === 0) {
    const received = Array.isArray(methods) ? 'none' : typeof methods;
    throw new ArgumentError({ where: WHERE, what: 'methods', expected: 'at least one method', received });
  }
  checkWord(WHERE, 'combine', combine, COMBINE);
  checkOption(WHERE, 'share', share, SHARE);
  checkOption(WHERE, 'seed', seed, SEED);
  const known: readonly ScorerMethod<N, F>[] = methods;
  const members = known as readonly unknown[] as readonly ScorerMethod[];
  const needs = [...new Set(known.flatMap((method) => method.needs))];
  const fitNeeds = [...new Set<F | N>([...known.flatMap((method) => method.fitNeeds), ...needs])];
  return {
    kind: KIND,
    needs,
    fitNeeds,
    async fit(blocks, options) {
      const how = { share, seed, needs: new Set<FitNeed>(fitNeeds) };
      const { members: fitted, held, widths } = await fitMembers(WHERE, members, blocks, options, how);
      try {
        const calibration: Float32Array[] = [];
        for (const member of fitted) calibration.push(await calibrate(member, held));
        return scorerOf<N>({ members: fitted, needs, combine, widths, calibration });
      } catch (error) {
        fitted.forEach((member) => member.dispose());
        throw error;
      }
    },
    restore: (state, parts) => scorerOf<N>(restoredEnsemble(`${WHERE}.restore`, members, needs, state, parts)),
  };
}
