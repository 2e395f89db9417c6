import type { Declared, Read } from '../../core/read-options';
import { COUNT } from '../../core/check';
import { ShapeError } from '../../core/errors';
import { firstWrong, readArrays, writeArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import { defineRowScorer } from '../contract/define-row-scorer';
import { pauses, type Pause } from '../../core/pauses';
import { readFitOptions } from '../contract/fit-options';
import type { LogitRow } from '../contract/logit-scores';
import { readRows } from '../contract/rows';
import type { Blocks, ModelOutputs, ReadyScorer } from '../contract/scorer';

/** What makes one scorer of logits another than the next. */
export interface LogitDefinition<O extends object, D> {
  takesTags?: 'first';
  options: D;
  scoreOf(logits: LogitRow, options: Read<O, D>): number;
  /** What no score of C logits exceeds but by rounding; left out where there is no such bound. */
  largestOf?(classes: number, options: Read<O, D>): number;
}

/** C among what is gathered, where there were logits. */
const CLASSES = {
  classes: {
    dtype: 'I32',
    shape: [1],
    rule: { expected: 'from 1', wrong: /* @__PURE__ */ firstWrong((count) => count >= 1) },
    optional: true,
  },
} as const satisfies SavedArrays;

/** Of a sum over very many classes, relative. */
const ROUNDING = 1e-12;

/** C of the first block that has logits; the others are not asked for. */
async function classesIn(where: string, blocks: Blocks<never>, pause: Pause): Promise<number | undefined> {
  await pause();
  for await (const block of blocks) {
    await pause();
    const { logits } = block as Partial<Pick<ModelOutputs, 'logits'>>;
    if (logits !== undefined) return (await readRows(where, 'logits', { logits })).shape[1];
  }
  return undefined;
}

/**
 * A scorer of logits [N, C], which has nothing to fit but C: it scores any logits at once, and those of one width after
 * a fit, from when on its largest score is known.
 */
export function defineLogitScorer<O extends object, const D extends Declared<O>>(
  where: string,
  given: O | undefined,
  { takesTags, options, scoreOf, largestOf }: LogitDefinition<O, D>,
): ReadyScorer<'logits'> {
  const method = defineRowScorer(where, given, {
    needs: ['logits'],
    fitNeeds: [],
    ...(takesTags && { takesTags }),
    options,
    saved: Object.keys(options) as (keyof O & keyof D & string)[],
    fitted: { classes: [COUNT, undefined] },
    gather() {
      let classes: number | undefined;
      const seen = (where: string, others: number) => {
        if (classes !== undefined && others !== classes) {
          throw new ShapeError(where, 'logits', `[N, ${classes}]`, `[N, ${others}]`);
        }
        classes = others;
      };
      return {
        async add(_, pause, block) {
          await pause();
          const { logits } = block as Partial<Pick<ModelOutputs, 'logits'>>;
          if (logits !== undefined) seen(where, (await readRows(where, 'logits', { logits })).shape[1]);
        },
        merge(state, from) {
          const { classes: others } = readArrays(from, state, CLASSES, 'state');
          if (others) seen(from, others[0]!);
        },
        state: () => (classes === undefined ? {} : writeArrays(CLASSES, { classes: Int32Array.of(classes) })),
        finish: () => ({ classes }),
      };
    },
    score({ classes }, { options: own }) {
      const largest = classes === undefined ? undefined : largestOf?.(classes, own);
      return {
        widths: { logits: classes },
        largestScore: largest,
        scoresOf({ logits: { data, shape } }) {
          const [rows, width] = shape;
          return Float64Array.from({ length: rows }, (_, row) => {
            const score = scoreOf(data.subarray(row * width, (row + 1) * width), own);
            // Rounding alone can keep it from the end, or take it beyond.
            return largest !== undefined && score > largest * (1 - ROUNDING) ? largest : score;
          });
        },
      };
    },
  });
  const { fitNeeds, restore, partial, partialFrom, fromPartial } = method;
  return {
    ...method.of({ classes: undefined }),
    fitNeeds,
    ...(takesTags && { takesTags }),
    restore,
    partial,
    partialFrom,
    fromPartial,
    async fit(blocks, how) {
      const { signal } = readFitOptions(where, how);
      return method.of({ classes: await classesIn(where, blocks, pauses(signal)) });
    },
  };
}
