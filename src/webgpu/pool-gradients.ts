import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, forEach, forEachGroups, numbersIn, type GpuCall, type GpuKernel, type GpuProgram } from './dispatch';

const SIZES = [
  ...['count', 'channels', 'height', 'width', 'outHeight', 'outWidth', 'windowHeight', 'windowWidth'],
  ...['top', 'left', 'strideY', 'strideX'],
];

/**
 * One thread a number of the input: `share(image, y, x, channel, own)` of each window that the pixel is in. Windows are
 * few where strides are large; the backend's own looks at as many places as the window has pixels.
 */
const eachWindow = (share: string): string =>
  forEach(`${share}
fn each(i: i32) {
  let channel = i % given.channels;
  let pixel = i / given.channels;
  let fromY = (pixel / given.width) % given.height + given.top;
  let fromX = pixel % given.width + given.left;
  let image = pixel / (given.width * given.height);
  let lastY = min(given.outHeight - 1, fromY / given.strideY);
  let lastX = min(given.outWidth - 1, fromX / given.strideX);
  // The first window that ends behind the pixel
  let firstY = max(0, (fromY - given.windowHeight + given.strideY) / given.strideY);
  let firstX = max(0, (fromX - given.windowWidth + given.strideX) / given.strideX);
  var sum = 0.0;
  for (var outY = firstY; outY <= lastY; outY++) {
    for (var outX = firstX; outX <= lastX; outX++) { sum += share(image, outY, outX, channel, i); }
  }
  result[i] = sum;
}`);

const AVERAGE: GpuProgram = {
  name: 'AvgPoolGrad',
  writes: ['result: array<f32>'],
  reads: ['dy: array<f32>'],
  sizes: SIZES,
  code: eachWindow(`
fn share(image: i32, outY: i32, outX: i32, channel: i32, own: i32) -> f32 {
  let out = (image * given.outHeight + outY) * given.outWidth + outX;
  return dy[out * given.channels + channel] / f32(given.windowHeight * given.windowWidth);
}`),
};

const MAXIMUM: GpuProgram = {
  name: 'MaxPoolGrad',
  writes: ['result: array<f32>'],
  reads: ['dy: array<f32>', 'values: array<f32>'],
  sizes: SIZES,
  // Up to the pixel itself a value as large comes first, behind it only a larger one.
  code: eachWindow(`
fn share(image: i32, outY: i32, outX: i32, channel: i32, own: i32) -> f32 {
  let top = outY * given.strideY - given.top;
  let left = outX * given.strideX - given.left;
  let value = values[own];
  for (var y = max(0, top); y < min(given.height, top + given.windowHeight); y++) {
    for (var x = max(0, left); x < min(given.width, left + given.windowWidth); x++) {
      let at = ((image * given.height + y) * given.width + x) * given.channels + channel;
      if (values[at] > value || (at < own && values[at] == value)) { return 0.0; }
    }
  }
  return dy[((image * given.outHeight + outY) * given.outWidth + outX) * given.channels + channel];
}`),
};

function gradient({ backend, attrs }: GpuCall, program: GpuProgram, x: TensorInfo, reads: TensorInfo[]): TensorInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  const shape = x.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const result = backend.makeTensorInfo(shape, 'float32');
  const count = numbersIn(result);
  dispatch(
    backend,
    program,
    [result, ...reads],
    [
      ...[count, info.inChannels, info.inHeight, info.inWidth, info.outHeight, info.outWidth],
      ...[info.filterHeight, info.filterWidth, info.padInfo.top, info.padInfo.left],
      ...[info.strideHeight, info.strideWidth],
    ],
    forEachGroups(count),
  );
  return result;
}

/** Gradient of average pooling; as on the cpu backend each share is one over the whole window, padding too. */
export const avgPoolGradient: GpuKernel = (call) => {
  const { dy, input } = call.inputs as { dy: TensorInfo; input: TensorInfo };
  return gradient(call, AVERAGE, input, [dy]);
};

/** Gradient of max pooling: it goes to the first member of a window that holds the maximum, as on the cpu backend. */
export const maxPoolGradient: GpuKernel = (call) => {
  const { dy, input } = call.inputs as { dy: TensorInfo; input: TensorInfo };
  return gradient(call, MAXIMUM, input, [dy, input]);
};
