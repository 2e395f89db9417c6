import { ArgumentError } from '../../core/errors';
import type { DetectorModel } from '../model/detector-model';
import { hullOfMap, mapOf, mapTo, type ModelInput, type PixelInput, type PixelMap } from './model-input';
import { isNear, PIXEL_RANGES, rangeText, type NumberRange } from './number-range';
import type { ResizeFit } from './resize-images';
import { inputType, shownRange } from './shown-range';

/** What is done with images before they go into a model, and which numbers may. */
export interface InputPlan {
  readonly pixels: PixelMap;
  readonly size: readonly [height: number, width: number] | undefined;
  readonly fit: ResizeFit;
  /** The model takes whole numbers. */
  readonly isInt: boolean;
  /** What the numbers of images lie in; nothing is looked at where nobody knows. */
  readonly range: NumberRange | undefined;
  /** Nobody said the range, nor does the model show it: it is that of the images of the fit. */
  readonly isSeen: boolean;
}

/** What the option says beside the pixels. */
export function resizeOf(input: ModelInput | undefined): Pick<InputPlan, 'size' | 'fit'> {
  const { size, fit = 'fill' }: PixelInput = typeof input === 'object' ? input : {};
  return { size, fit };
}

/**
 * What becomes of images: what the option says, or what the model shows, or x / 255 of pixels.
 *
 * Warns where the two differ; the option counts.
 */
export async function inputPlan(where: string, model: DetectorModel, input?: ModelInput): Promise<InputPlan> {
  const isInt = inputType(model) === 'int32';
  const shown = isInt ? '0..255' : await shownRange(model);
  const said = input === undefined ? undefined : mapOf(input);
  const hull = said && hullOfMap(said);
  if (hull && shown && !isNear(hull, PIXEL_RANGES[shown])) {
    console.warn(
      `tfjs-ood: ${where}: input makes numbers ${rangeText(hull)} of pixels, but the model shows that it takes those ` +
        `${rangeText(PIXEL_RANGES[shown])}; what input says is done`,
    );
  }
  const pixels = said ?? mapTo(shown ?? '0..1');
  return {
    pixels,
    ...resizeOf(input),
    isInt,
    range: said || shown ? hullOfMap(pixels) : undefined,
    isSeen: !said && !shown,
  };
}

/** Throws where bytes are to become something of which nobody said what. */
export function checkPixelsKnown(where: string, { isSeen, range }: InputPlan): void {
  if (!isSeen || !range || isNear(range, PIXEL_RANGES['0..1'])) return;
  const expected = `numbers ${rangeText(range)}, as at the fit (or say there by input what becomes of bytes)`;
  throw new ArgumentError(where, 'images', expected, 'bytes');
}
