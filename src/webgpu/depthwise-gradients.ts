import type { TensorInfo } from '@tensorflow/tfjs-core';
import { convolutionOf, type Shape4D } from './convolution-of';
import { dispatch, forEach, forEachGroups, numbersIn, type GpuKernel, type GpuProgram } from './dispatch';
import { inParts } from './tiled-product';

/** Each thread sums one number of the filter over a part of the pixels. */
const FILTER_PROGRAM: GpuProgram = {
  name: 'DepthwiseConv2dNativeBackpropFilter',
  writes: ['result: array<f32>'],
  reads: ['x: array<f32>', 'dy: array<f32>'],
  sizes: [
    ...['count', 'size', 'pixels', 'pixelsOfPart', 'channels', 'multiplier', 'height', 'width', 'outHeight'],
    ...['outWidth', 'filterWidth', 'top', 'left', 'strideY', 'strideX', 'dilationY', 'dilationX'],
  ],
  code: forEach(`fn each(i: i32) {
  let part = i / given.size;
  let outChannels = given.channels * given.multiplier;
  let outChannel = i % outChannels;
  let place = (i % given.size) / outChannels;
  let fromY = (place / given.filterWidth) * given.dilationY - given.top;
  let fromX = (place % given.filterWidth) * given.dilationX - given.left;
  var sum = 0.0;
  let end = min(given.pixels, (part + 1) * given.pixelsOfPart);
  for (var pixel = part * given.pixelsOfPart; pixel < end; pixel++) {
    let inImage = pixel % (given.outHeight * given.outWidth);
    let image = pixel / (given.outHeight * given.outWidth);
    let y = (inImage / given.outWidth) * given.strideY + fromY;
    let x0 = (inImage % given.outWidth) * given.strideX + fromX;
    if (y < 0 || y >= given.height || x0 < 0 || x0 >= given.width) { continue; }
    let at = ((image * given.height + y) * given.width + x0) * given.channels + outChannel / given.multiplier;
    sum += x[at] * dy[pixel * outChannels + outChannel];
  }
  result[i] = sum;
}`),
};

/** Threads that keep a large card busy. */
const ENOUGH_THREADS = 2 ** 17;
/** Least pixels of a part. */
const LEAST_PIXELS = 64;

/**
 * Filter gradient of a depthwise convolution. The backend's own sums over all pixels in one thread for each number of
 * the filter.
 */
export const depthwiseFilterGradient: GpuKernel = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const filterShape = attrs.filterShape as Shape4D;
  const info = convolutionOf({ x: x.shape as Shape4D, filter: filterShape, dy }, attrs, true);
  const size = filterShape.reduce((product, length) => product * length, 1);
  const pixels = info.batchSize * info.outHeight * info.outWidth;
  const most = Math.min(Math.ceil(ENOUGH_THREADS / size), Math.ceil(pixels / LEAST_PIXELS));
  const pixelsOfPart = Math.ceil(pixels / most);
  const parts = Math.ceil(pixels / pixelsOfPart);
  return inParts(backend, filterShape, parts, (into) =>
    dispatch(
      backend,
      FILTER_PROGRAM,
      [into, x, dy],
      [
        ...[parts * size, size, pixels, pixelsOfPart, info.inChannels, filterShape[3], info.inHeight, info.inWidth],
        ...[info.outHeight, info.outWidth, info.filterWidth, ...info.places],
      ],
      forEachGroups(parts * size),
    ),
  );
};

/** One thread a number of the input. */
const INPUT_PROGRAM: GpuProgram = {
  name: 'DepthwiseConv2dNativeBackpropInput',
  writes: ['result: array<f32>'],
  reads: ['dy: array<f32>', 'weights: array<f32>'],
  sizes: [
    ...['count', 'channels', 'multiplier', 'height', 'width', 'outHeight', 'outWidth', 'filterHeight', 'filterWidth'],
    ...['top', 'left', 'strideY', 'strideX', 'dilationY', 'dilationX'],
  ],
  code: forEach(`fn each(i: i32) {
  let channel = i % given.channels;
  let pixel = i / given.channels;
  let fromY = (pixel / given.width) % given.height + given.top;
  let fromX = pixel % given.width + given.left;
  let image = pixel / (given.width * given.height);
  var sum = 0.0;
  for (var filterY = 0; filterY < given.filterHeight; filterY++) {
    let y = fromY - filterY * given.dilationY;
    if (y < 0 || y % given.strideY != 0 || y / given.strideY >= given.outHeight) { continue; }
    for (var filterX = 0; filterX < given.filterWidth; filterX++) {
      let x = fromX - filterX * given.dilationX;
      if (x < 0 || x % given.strideX != 0 || x / given.strideX >= given.outWidth) { continue; }
      let out = (image * given.outHeight + y / given.strideY) * given.outWidth + x / given.strideX;
      let place = filterY * given.filterWidth + filterX;
      for (var m = 0; m < given.multiplier; m++) {
        sum += dy[(out * given.channels + channel) * given.multiplier + m] *
          weights[(place * given.channels + channel) * given.multiplier + m];
      }
    }
  }
  result[i] = sum;
}`),
};

/** Input gradient of a depthwise convolution; the backend's own divides as floats to see whether a stride fits. */
export const depthwiseInputGradient: GpuKernel = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const inputShape = attrs.inputShape as Shape4D;
  const filterShape = filter.shape as Shape4D;
  const info = convolutionOf({ x: inputShape, filter: filterShape, dy }, attrs, true);
  const result = backend.makeTensorInfo(inputShape, 'float32');
  const count = numbersIn(result);
  dispatch(
    backend,
    INPUT_PROGRAM,
    [result, dy, filter],
    [
      ...[count, info.inChannels, filterShape[3], info.inHeight, info.inWidth, info.outHeight, info.outWidth],
      ...[info.filterHeight, info.filterWidth, ...info.places],
    ],
    forEachGroups(count),
  );
  return result;
};
