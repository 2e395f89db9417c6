import { ArgumentError } from '../../core/errors';
import type { Definition, Fitted, Found, ModelUse } from '../contract/define-row-scorer';
import type { GivenParts } from '../contract/fit-options';
import { readNumbers } from '../contract/read-numbers';
import type { FitNeed, ModelParts, Need, Scorer } from '../contract/scorer';
import type { Accumulator } from './accumulator';
import { digestOfHead } from './digest';
import { partialMethods } from './partial-methods';
import { decidingOptions } from './partial-state';

type AnyDefinition = Definition<Need, FitNeed, object, object, Fitted, object, object>;

const ofModel = (need: FitNeed): boolean => need === 'head' || need === 'logitsOf';

/** The calls of a declared method that fit in parts. */
export function definedPartials<W extends Fitted, X, S extends Scorer, O extends object>(
  where: string,
  kind: string,
  options: O,
  definition: object,
  use: ModelUse | undefined,
  scorerOf: (found: Found<W, X>, options: O, parts: ModelParts) => S,
) {
  const { fitNeeds, gather, fit, byId = false } = definition as AnyDefinition;
  const partsOf = (at: string, given: GivenParts) => use?.parts(at, fitNeeds, given) ?? ({} as ModelParts);

  function accumulatorOf(at: string, parts: ModelParts): Accumulator<FitNeed, Found<W, X>> {
    if (gather) return gather(parts, options) as never;
    if (!fitNeeds.every(ofModel)) {
      const expected = 'one that is declared with `gather` in place of `fit`';
      throw new ArgumentError(at, 'method', expected, `'${kind}' with fit`);
    }
    const noRows = (async function* () {})();
    return {
      add: () => undefined,
      finish: (pause) => fit!(noRows, parts, options, pause) as Found<W, X>,
    };
  }

  return partialMethods<Found<W, X>, S>({
    where,
    kind,
    fitNeeds,
    byId,
    options: decidingOptions(options),
    open(at, given) {
      const parts = partsOf(at, given);
      const rows = use?.rows(at, parts);
      return {
        accumulator: accumulatorOf(at, parts),
        head: fitNeeds.includes('head') ? digestOfHead(parts.head) : '',
        widths: rows?.widths ?? {},
        read: (from, block, widths) => readNumbers(from, block, fitNeeds, widths, rows?.widths.logits),
        ...(rows && { first: (block: object) => rows.first(block) }),
      };
    },
    scorerOf: (found, at, given) => scorerOf(found, options, partsOf(at, given)),
  });
}
