import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../core/errors';
import { checkFiniteImages } from '../../tensors/finite-images';
import { checkInputShape, type InputShape } from '../model/model-shapes';
import { givenImages, type ModelImages } from './given-images';
import { checkPixelsKnown, type InputPlan } from './input-plan';
import { lookAtImages } from './look-at-images';
import type { RowSource } from './model-rows';
import { mapPixels, modelBlocks } from './model-blocks';
import { hullOfMap } from './model-input';
import { hullOf, type NumberRange } from './number-range';
import { rangeWatch } from './range-watch';

/** What is known of the images that a model takes. */
export interface ImageUse {
  plan: InputPlan;
  /** What the model was declared for, or fitted with. */
  expected: InputShape;
  /** Of all images with N, by default that of `expected`; what has one rank less is one image. */
  rank?: number | undefined;
  /** Before each part of the work: a pause, and a look at the backend. */
  ready(): Promise<void>;
}

/** Images of any kind, as a model takes them. @throws ArgumentError for what is none; ShapeError */
export async function imageSource(
  where: string,
  images: ModelImages,
  { plan, expected, rank = expected?.length, ready }: ImageUse,
): Promise<RowSource> {
  const channels = (expected?.length === 4 ? expected[3] : undefined) ?? 3;
  const given = await givenImages(where, images, { rank, channels, isAnySize: plan.size !== undefined, ready });
  const { isPixels } = given;
  const [count = 0, ...each] = given.shape;
  if (isPixels) checkPixelsKnown(where, plan);
  const isRanged = given.shape.length === 4; // rows and the like, given as images, have none
  if (plan.size && each.length !== 3) {
    throw new ShapeError(where, 'shape of the images', '[N, H, W, C], which are resized', given.shape);
  }
  const isMade = isPixels && 'run' in plan.pixels;
  /** What becomes of one image of this color. */
  const made = (pixel: number) => tf.tidy(() => mapPixels(where, plan, tf.fill([1, ...each], pixel)));
  const black = isMade ? made(0) : undefined;
  const own = black ? black.shape.slice(1) : plan.size ? [...plan.size, each[2]!] : each;
  black?.dispose();
  const shape = [count, ...own];
  checkInputShape(where, expected, shape);

  const block = modelBlocks(where, given, plan, ready);
  const look = async (watched: InputPlan, blockSize: number) => {
    const watch = rangeWatch(where, isRanged ? watched : { ...watched, range: undefined });
    if (!isPixels) await lookAtImages(where, given, watch, { blockSize, ready });
    return watch.seen();
  };
  /** What a function makes of black, white and the images; nobody knows it otherwise. */
  const rangeMade = async (blockSize: number): Promise<NumberRange> => {
    const ranges: NumberRange[] = [];
    const take = async (tensor: tf.Tensor, givenRow?: (row: number) => number) => {
      ranges.push(await checkFiniteImages(where, tensor, givenRow, ready).finally(() => tensor.dispose()));
    };
    await take(made(0));
    await take(made(255));
    for (let from = 0; isPixels && from < count; from += blockSize) {
      await ready();
      const rows = Int32Array.from({ length: Math.min(blockSize, count - from) }, (_, i) => from + i);
      await take(await block(rows), (row) => rows[row]!);
    }
    return hullOf(ranges);
  };
  return {
    shape,
    isPixels,
    block,
    async check(blockSize) {
      await look(plan, blockSize);
    },
    async checkFitted(blockSize) {
      const seen = await look(plan, blockSize);
      if (!isRanged || count === 0) return { ...plan, range: undefined };
      if (plan.range) return plan;
      if ('run' in plan.pixels) {
        const whole = await rangeMade(blockSize);
        return { ...plan, range: seen ? hullOf([whole, seen]) : whole };
      }
      return { ...plan, range: seen ?? hullOfMap(plan.pixels) };
    },
  };
}
