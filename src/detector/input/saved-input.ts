import { FLAG, oneOf, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import type { SavedFields } from '../../core/saved/read-saved';
import type { DetectorModel } from '../model/detector-model';
import { sizeOf, type InputPlan } from './input-plan';
import { mapOf, mapTo, type ModelInput } from './model-input';
import type { ResizeFit } from './resize-images';
import { inputType } from './shown-range';

/** What a detector keeps of its input. */
export interface SavedInput {
  /** Undefined where a function makes something of pixels, which must come back at loading. */
  scale: readonly number[] | undefined;
  offset: readonly number[] | undefined;
  /** Undefined where the numbers have none, as those of rows. */
  range: readonly number[] | undefined;
  isSeen: boolean;
  size: readonly number[] | undefined;
  fit: ResizeFit | undefined;
}

const numbers = (expected: string, holds: (all: readonly number[]) => boolean): Rule => ({
  expected,
  holds: (value: unknown) => Array.isArray(value) && value.every(Number.isFinite) && holds(value as number[]),
});

/** The declaration of that. */
export const savedInputFields = (): SavedFields<SavedInput> => ({
  scale: [numbers('a list of numbers', ({ length }) => length > 0), undefined],
  offset: [numbers('a list of numbers', ({ length }) => length > 0), undefined],
  range: [numbers('two numbers, the higher one last', (all) => all.length === 2 && all[0]! <= all[1]!), undefined],
  isSeen: [FLAG],
  size: [
    numbers('two lengths', (all) => all.length === 2 && all.every((side) => Number.isInteger(side) && side > 0)),
    undefined,
  ],
  fit: [oneOf('fill', 'cover', 'contain'), undefined],
});

/** A plan as it is saved. */
export const savedInput = ({ pixels, size, fit, range, isSeen }: InputPlan) => ({
  ...('scale' in pixels && { scale: pixels.scale, offset: pixels.offset }),
  ...(range && { range }),
  ...(size && { size, fit }),
  isSeen,
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
    return { pixels, ...sizeOf(input), isInt, range: undefined, isSeen: true };
  }
  const { scale, offset, range, isSeen, size, fit = 'fill' } = saved;
  const wasFunction = scale === undefined || offset === undefined;
  const pixels = wasFunction ? said : { scale, offset };
  if (!pixels || (wasFunction && !('run' in pixels))) {
    throw new ArgumentError(where, 'input', 'the function of pixels that the detector was fitted with', input);
  }
  const plan = { size: size as InputPlan['size'], fit };
  const isSame =
    wasFunction ||
    input === undefined ||
    JSON.stringify([said ?? pixels, sizeOf(input)]) === JSON.stringify([pixels, plan]);
  if (!isSame) {
    const kept = JSON.stringify({ scale, offset, size, ...(size && { fit }) });
    throw new ArgumentError(where, 'input', `left out, or as at the fit, ${kept}`, JSON.stringify(input) ?? input);
  }
  return { pixels, ...plan, isInt, range: range as InputPlan['range'], isSeen };
}
