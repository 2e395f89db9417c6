import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../core/errors';
import type { GivenImage, GivenImages } from './given-images';
import type { InputPlan } from './input-plan';
import type { PixelFunction } from './model-input';
import { resizeImages } from './resize-images';

type Numbers = ArrayLike<number>;

/** Throws where there is a number for each channel, and another number of channels. */
function checkChannels(where: string, { length }: readonly number[], channels: number): void {
  if (length > 1 && length !== channels) {
    throw new ShapeError(where, 'input', `${channels} numbers, one for each channel`, length);
  }
}

/** What becomes of each of 256 bytes, for each channel, or for all alike; none where a function does it. */
function pixelTables(where: string, { pixels }: InputPlan, channels: number): Float32Array[] | undefined {
  if ('run' in pixels) return undefined;
  const { scale, offset } = pixels;
  checkChannels(where, scale, channels);
  return scale.map((a, channel) => Float32Array.from({ length: 256 }, (_, byte) => byte * a + offset[channel]!));
}

/** Numbers of images one after the other; of bytes, what stands in the tables for them. */
function joined(images: readonly Numbers[], tables?: readonly Float32Array[]): Float32Array {
  const values = new Float32Array(images.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const numbers of images) {
    if (!tables) values.set(numbers, to);
    else {
      const [first, count] = [tables[0]!, tables.length];
      for (let i = 0; i < numbers.length; i++) {
        values[to + i] = (count === 1 ? first : tables[i % count]!)[numbers[i]!]!;
      }
    }
    to += numbers.length;
  }
  return values;
}

/** What a function makes of pixels, as a tensor of its own. */
function applied(where: string, run: PixelFunction, pixels: tf.Tensor): tf.Tensor {
  const made: tf.Tensor | undefined = run(pixels as tf.Tensor4D);
  if (!((made as object | undefined) instanceof tf.Tensor)) {
    throw new ArgumentError(where, 'input', 'a function that returns a tensor', made);
  }
  if (made.shape[0] === pixels.shape[0]) return made;
  throw new ShapeError(where, 'input', `a function that returns [${pixels.shape[0]}, ...]`, made.shape);
}

/** Pixels, as a tensor of float32, as the model takes them. To be called in a tidy. */
export function mapPixels(where: string, { pixels: map, isInt }: InputPlan, pixels: tf.Tensor): tf.Tensor {
  if ('run' in map) return applied(where, map.run, pixels);
  const { scale, offset } = map;
  checkChannels(where, scale, pixels.shape.at(-1)!);
  const numbers = tf.add(tf.mul(pixels, tf.tensor1d([...scale])), tf.tensor1d([...offset]));
  return isInt && isPlain(map) ? tf.cast(tf.round(numbers), 'int32') : numbers;
}

const isPlain = (map: InputPlan['pixels']): boolean =>
  'scale' in map && map.scale.every((a) => a === 1) && map.offset.every((b) => b === 0);

/** One tensor of all; tfjs would give them the type of the first, and cut what floats have behind the point. */
function joinedTensors(parts: tf.Tensor[]): tf.Tensor {
  const isMixed = parts.some(({ dtype }) => dtype !== parts[0]!.dtype);
  return tf.concat(isMixed ? parts.map((part) => tf.cast(part, 'float32')) : parts);
}

const isFloats = (numbers: Numbers): boolean => numbers instanceof Float32Array || numbers instanceof Float64Array;

/** Rows of images as a tensor [B, ...], as the model takes them; the caller's to free. */
export function modelBlocks(where: string, given: GivenImages, plan: InputPlan, ready: () => Promise<void>) {
  const { shape, isPixels, whole } = given;
  const [count, ...each] = shape as [number, ...number[]];
  /** Takes the images, which are freed. */
  const resized = async (images: tf.Tensor, size: readonly [number, number]): Promise<tf.Tensor> => {
    const black = isPixels || 'run' in plan.pixels ? [0] : plan.pixels.offset;
    const own = await resizeImages(images as tf.Tensor4D, size, plan.fit, black, ready).finally(() => images.dispose());
    if (!plan.isInt || images.dtype !== 'int32') return own;
    const whole = tf.tidy(() => tf.cast(tf.round(own), 'int32'));
    own.dispose();
    return whole;
  };
  const ofWhole = (all: tf.Tensor, indices: Int32Array): tf.Tensor => {
    const one = count === 1 && indices.length === 1 && indices[0] === 0;
    return one ? tf.reshape(all, shape as number[]) : tf.gather(all, tf.tensor1d(indices, 'int32'));
  };
  const ofNumbers = (images: readonly Numbers[]): tf.Tensor => {
    const tables = isPixels ? pixelTables(where, plan, each.at(-1) ?? 1) : undefined;
    const isWhole = isPixels ? isPlain(plan.pixels) : !images.some(isFloats);
    const values = joined(images, tables);
    const block = tf.tensor(plan.isInt && isWhole ? Int32Array.from(values) : values, [images.length, ...each]);
    return isPixels && !tables ? mapPixels(where, plan, block) : block;
  };
  const asTensor = ({ numbers, shape: own }: GivenImage): tf.Tensor => {
    if (numbers instanceof tf.Tensor) return tf.reshape(numbers, [1, ...own]);
    const isWhole = plan.isInt && !isPixels && !isFloats(numbers);
    return tf.tensor(isWhole ? Int32Array.from(numbers) : joined([numbers]), [1, ...own]);
  };
  /** One by one, each with a pause: pictures may be large. */
  const eachResized = async (indices: Int32Array, size: readonly [number, number]): Promise<tf.Tensor> => {
    const parts: tf.Tensor[] = [];
    try {
      for (const at of indices) {
        await ready();
        const image = whole ? undefined : await given.one(at);
        await ready(); // to read a picture is a piece of its own
        const own = tf.tidy(() => (image ? asTensor(image) : ofWhole(whole!, Int32Array.of(at))));
        parts.push(await resized(own, size));
      }
      return tf.tidy(() => {
        const block = joinedTensors(parts);
        return isPixels ? mapPixels(where, plan, block) : block;
      });
    } finally {
      tf.dispose(parts);
    }
  };
  return async (indices: Int32Array): Promise<tf.Tensor> => {
    if (plan.size) return eachResized(indices, plan.size);
    if (whole) return tf.tidy(() => ofWhole(whole, indices));
    const images: GivenImage[] = [];
    for (const at of indices) images.push(await given.one(at));
    return tf.tidy(() => {
      const isOnBackend = images.some(({ numbers }) => numbers instanceof tf.Tensor);
      if (!isOnBackend) return ofNumbers(images.map(({ numbers }) => numbers as Numbers));
      const block = joinedTensors(images.map(asTensor));
      return isPixels ? mapPixels(where, plan, block) : block;
    });
  };
}
