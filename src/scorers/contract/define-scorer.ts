import { ArgumentError } from '../../core/errors';
import type { Declared } from '../../core/read-options';
import { checkFiniteImages } from '../../tensors/finite-images';
import { checkedHead } from './checked-head';
import { defineRowScorer, type DefinedMethod, type Definition, type Fitted, type ModelUse } from './define-row-scorer';
import { checkHeadAgrees } from './head-agreement';
import { readRows } from './rows';
import type { FitNeed, ModelOutputs, ModelParts, Need } from './scorer';
import { checkedImages } from './split-block';

const USE: ModelUse = {
  parts(where, needs, given) {
    const parts = { ...given } as ModelParts;
    if (needs.includes('head')) parts.head = checkedHead(where, given);
    if (needs.includes('logitsOf') && typeof parts.logitsOf !== 'function') {
      const expected = 'a differentiable function of images that gives logits (ODIN goes through the model)';
      throw new ArgumentError(where, 'logitsOf', expected, typeof parts.logitsOf);
    }
    return parts;
  },
  rows: (where, { head }) => ({
    widths: { features: head?.shape[0], logits: head?.shape[1] },
    async first(block) {
      const { features, logits } = block as Partial<ModelOutputs>;
      if (!head || features === undefined || logits === undefined) return;
      const rows = [
        await readRows(where, 'features', { features }),
        await readRows(where, 'logits', { logits }),
      ] as const;
      await checkHeadAgrees(where, head, ...rows);
    },
  }),
  async images(where, batch, beside) {
    const images = checkedImages(where, batch, beside);
    await checkFiniteImages(where, images);
    return images;
  },
};

/**
 * A way to fit a scorer, from its declaration: options checked and with their defaults, a state with every array and
 * number of the fit, and back; one that is whole or refused.
 *
 * @param where the public function's name, for errors; the kind follows from it
 * @param given options of the call
 * @throws ArgumentError for an option that does not exist or is out of its rule
 * @example
 * const weakest = () =>
 *   defineScorer('weakest', undefined, {
 *     needs: ['features'],
 *     fitNeeds: [],
 *     options: {},
 *     fitted: {},
 *     fit: () => ({}),
 *     score: () => ({
 *       scoresOf: ({ count, features: { data } }) =>
 *         Float64Array.from({ length: count }, (_, row) => -Math.max(...data.subarray(2 * row, 2 * row + 2))),
 *     }),
 *   });
 * const scorer = await weakest().fit([], {});
 * await scorer.score({ features: { data: Float32Array.of(1, 5, 2, 0), shape: [2, 2] } }); // Float32Array [-5, -2]
 */
export function defineScorer<
  N extends Need,
  F extends FitNeed,
  O extends object,
  const D extends Declared<O>,
  const W extends Fitted,
  X extends object = object,
  M extends object = object,
>(where: string, given: O | undefined, definition: Definition<N, F, O, D, W, X, M>): DefinedMethod<N, F, W, M> {
  return defineRowScorer(where, given, definition, USE);
}
