import { FLAG, oneOf, type Rule } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { readSaved, shownJson, type SavedFields } from '../../core/saved/read-saved';
import type { DetectorModel } from '../model/detector-model';
import { resizeOf, type InputPlan } from './input-plan';
import { mapOf, mapTo, type ModelInput } from './model-input';
import type { ResizeFit } from './resize-images';
import { inputType } from './shown-range';

/** What a detector keeps of its input. */
export interface SavedInput {
  /** Null where a function makes something of pixels, which must come back at loading. */
  scale: readonly number[] | null;
  offset: readonly number[] | null;
  /** Null where the numbers have none, as those of rows. */
  range: readonly number[] | null;
  isSeen: boolean;
  size: readonly number[] | null;
  fit: ResizeFit | null;
}

const orNull = ({ expected, holds }: Rule): Rule => ({
  expected: `${expected}, or null`,
  holds: (value: unknown) => value === null || holds(value as number),
});
const numbers = (expected: string, holds: (all: readonly number[]) => boolean): Rule =>
  orNull({
    expected,
    holds: (value: unknown) => Array.isArray(value) && value.every(Number.isFinite) && holds(value as number[]),
  });
const isSide = (side: number) => Number.isInteger(side) && side > 0;

/** The declaration of that. */
const savedInputFields = (): SavedFields<SavedInput> => ({
  scale: [numbers('numbers', ({ length }) => length > 0)],
  offset: [numbers('numbers', ({ length }) => length > 0)],
  range: [numbers('two numbers, the higher one last', (all) => all.length === 2 && all[0]! <= all[1]!)],
  isSeen: [FLAG],
  size: [numbers('two lengths', (all) => all.length === 2 && all.every(isSide))],
  fit: [orNull(oneOf('fill', 'cover', 'contain'))],
});

/** What a file says of the input. @throws FormatError */
export function readSavedInput(where: string, given: unknown, path: string): SavedInput {
  const saved = readSaved(where, given, savedInputFields(), path);
  for (const [one, other] of [
    ['scale', 'offset'],
    ['size', 'fit'],
  ] as const) {
    if ((saved[one] === null) === (saved[other] === null)) continue;
    throw new FormatError(where, `${path}.${other}`, `null where ${one} is, and only there`, shownJson(saved[other]));
  }
  if (saved.scale?.length !== saved.offset?.length) {
    throw new FormatError(where, `${path}.offset`, `${saved.scale!.length} numbers, as scale`, shownJson(saved.offset));
  }
  return saved;
}

/** A plan as it is saved. */
export const savedInput = ({ pixels, size, fit, range, isSeen }: InputPlan): SavedInput => ({
  ...('scale' in pixels ? { scale: pixels.scale, offset: pixels.offset } : { scale: null, offset: null }),
  range: range ?? null,
  isSeen,
  size: size ?? null,
  fit: size ? fit : null,
});

/**
 * The plan of a saved detector. `input` is needed for a function alone; elsewhere it says the same, or is left out.
 * Files of before keep nothing: pixels were divided by 255 then.
 *
 * @throws ArgumentError
 */
export function loadedPlan(
  where: string,
  model: DetectorModel,
  saved: SavedInput | undefined,
  input: ModelInput | undefined,
): InputPlan {
  const said = input === undefined ? undefined : mapOf(input);
  const isInt = inputType(model) === 'int32';
  if (!saved) {
    const pixels = said ?? mapTo(isInt ? '0..255' : '0..1');
    return { pixels, ...resizeOf(input), isInt, range: undefined, isSeen: true };
  }
  const { scale, offset, range, isSeen } = saved;
  const wasFunction = scale === null || offset === null;
  const pixels = wasFunction ? said : { scale, offset };
  if (!pixels || (wasFunction && !('run' in pixels))) {
    throw new ArgumentError(where, 'input', 'the function of pixels that the detector was fitted with', input);
  }
  const plan = { size: (saved.size ?? undefined) as InputPlan['size'], fit: saved.fit ?? 'fill' };
  const isSame =
    wasFunction ||
    input === undefined ||
    JSON.stringify([said ?? pixels, resizeOf(input)]) === JSON.stringify([pixels, plan]);
  if (!isSame) {
    const kept = JSON.stringify({ scale, offset, ...(plan.size && plan) });
    throw new ArgumentError(where, 'input', `left out, or as at the fit, ${kept}`, JSON.stringify(input) ?? input);
  }
  return { pixels, ...plan, isInt, range: (range ?? undefined) as InputPlan['range'], isSeen };
}
