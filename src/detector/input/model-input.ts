import type * as tf from '@tensorflow/tfjs-core';
import type { Rule } from '../../core/check';
import { isRecord } from '../../core/saved/json';
import { hullOf, PIXEL_RANGES, type NumberRange, type PixelRange } from './number-range';
import type { ResizeFit } from './resize-images';

/** Which numbers a model takes for pixels of 0..255, and of which size; see {@link ModelInput}. */
export interface PixelInput {
  /** `'0..1'` (pixel / 255), `'-1..1'` (pixel / 127.5 - 1) or `'0..255'`. */
  range?: PixelRange;
  /** In place of a range: pixel * scale + offset, as Keras' Rescaling; a list has a number for each channel. */
  scale?: number | readonly number[];
  offset?: number | readonly number[];
  /** Brings images of any size to this one. */
  size?: readonly [height: number, width: number];
  /** `'fill'` stretches (default), `'cover'` cuts the middle out, `'contain'` pads with black. */
  fit?: ResizeFit;
}

/** Pixels [B, H, W, C] (float32, 0 to 255) -> what a model takes. */
export type PixelFunction = (pixels: tf.Tensor4D) => tf.Tensor;

/**
 * Which numbers a model takes for pixels of 0..255. Bytes and pictures are pixels, and are brought there; all that is
 * float or int32 is what the model takes, and is used as it is.
 */
export type ModelInput = PixelRange | PixelInput | PixelFunction;

/**
 * What becomes of a pixel: pixel * scale + offset, each one number for all channels or one for each; or a function.
 */
export type PixelMap =
  { readonly scale: readonly number[]; readonly offset: readonly number[] } | { readonly run: PixelFunction };

const isNumbers = (value: unknown): boolean =>
  value === undefined || ([value].flat().length > 0 && [value].flat().every(Number.isFinite));
const isSize = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((side) => Number.isSafeInteger(side) && side > 0);

function isPixelInput(value: object): boolean {
  const { range, scale, offset, size, fit, ...others } = value as Record<keyof PixelInput, unknown>;
  const isLinear = scale !== undefined || offset !== undefined;
  const lengths = new Set([scale, offset].filter(Array.isArray).map(({ length }) => length));
  return (
    Object.keys(others).length === 0 &&
    (range === undefined || (!isLinear && Object.hasOwn(PIXEL_RANGES, range as string))) &&
    isNumbers(scale) &&
    isNumbers(offset) &&
    lengths.size < 2 &&
    (size === undefined ? fit === undefined : isSize(size)) &&
    (fit === undefined || ['fill', 'cover', 'contain'].includes(fit as string)) &&
    Object.values(value).some((one) => one !== undefined)
  );
}

export const INPUT: Rule = {
  expected:
    "'0..1', '-1..1', '0..255', { scale, offset } (or { range }, with a size: [height, width] and a fit: 'fill', " +
    "'cover' or 'contain'), or a function of pixels",
  holds: (value: unknown) =>
    typeof value === 'function' ||
    (typeof value === 'string' && Object.hasOwn(PIXEL_RANGES, value)) ||
    (isRecord(value) && isPixelInput(value)),
};

/** What brings pixels to a range. */
export const mapTo = (range: PixelRange): PixelMap => {
  const [low, high] = PIXEL_RANGES[range];
  return { scale: [(high - low) / 255], offset: [low] };
};

/** What the option says of pixels; undefined where it does not. */
export function mapOf(input: ModelInput): PixelMap | undefined {
  if (typeof input === 'function') return { run: input };
  const { range, scale, offset }: PixelInput = typeof input === 'string' ? { range: input } : input;
  if (range !== undefined) return mapTo(range);
  return scale === undefined && offset === undefined ? undefined : linear(scale ?? 1, offset ?? 0);
}

/** What the option says, and of the numbers, where it says a size alone, what metadata do. */
export function withTold(input: ModelInput | undefined, told: ModelInput | undefined): ModelInput | undefined {
  if (typeof input !== 'object' || typeof told !== 'object' || mapOf(input)) return input ?? told;
  return { ...told, ...input };
}

function linear(scale: number | readonly number[], offset: number | readonly number[]): PixelMap {
  const [scales, offsets] = [[scale].flat(), [offset].flat()];
  const count = Math.max(scales.length, offsets.length);
  const whole = (all: readonly number[]) => Array.from({ length: count }, (_, i) => all[i % all.length]!);
  return { scale: whole(scales), offset: whole(offsets) };
}

/** The numbers that pixels become, over all channels; of a function nobody knows. */
export function hullOfMap(map: PixelMap): NumberRange | undefined {
  if ('run' in map) return undefined;
  const { scale, offset } = map;
  const channels = scale.map((a, channel): NumberRange => {
    const b = offset[channel]!;
    return [Math.min(b, 255 * a + b), Math.max(b, 255 * a + b)];
  });
  return hullOf(channels);
}
