import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { addressOf, floats, makeOutput, withScratch } from './heap';
import type { Simd } from './simd';
import { TILE_COLUMNS, TILE_ROWS } from './simd-functions';

type ConvInfo = backend_util.Conv2DInfo;

/** Numbers of x that one product walks over: 32 KiB, a level-1 cache. */
const PANEL = 8192;
const roundUp = (size: number, unit: number): number => Math.ceil(size / unit) * unit;

/** [N, H, W, C] as [H, W, N, stride], the places beyond C being 0: a row of all images is then one long run. */
function rowsOfImages(simd: Simd, backend: BackendWasm, images: TensorInfo, stride: number): TensorInfo {
  const [count, height, width, channels] = images.shape as [number, number, number, number];
  const turned = makeOutput(backend, [height, width, count, stride]);
  if (stride > channels) floats(backend, turned).fill(0);
  const [from, to] = [addressOf(backend, images), addressOf(backend, turned)];
  const [quads, singles] = [channels >> 2, channels & 3];
  for (let n = 0; n < count; n++) {
    const image = from + 4 * n * height * width * channels;
    simd.copyRows(image, to + 4 * n * stride, height * width, quads, singles, 4 * channels, 4 * count * stride);
  }
  return turned;
}

/** The outputs [first, end) along one axis for which a filter place meets the input. */
function meetings(shift: number, stride: number, outputs: number, inputs: number): [first: number, end: number] {
  return [Math.max(0, Math.ceil(-shift / stride)), Math.min(outputs, Math.floor((inputs - 1 - shift) / stride) + 1)];
}

/**
 * Calls `visit` for each filter place and each run of outputs whose inputs follow each other: pixel numbers in the
 * input and the output, and the length of the run.
 */
function eachRun(info: ConvInfo, visit: (place: number, input: number, output: number, length: number) => void): void {
  const { inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth } = info;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let fy = 0; fy < filterHeight; fy++) {
      const iy = oy * strideHeight - info.padInfo.top + fy * info.dilationHeight;
      if (iy < 0 || iy >= inHeight) continue;
      for (let fx = 0; fx < filterWidth; fx++) {
        const shift = fx * info.dilationWidth - info.padInfo.left;
        const [first, end] = meetings(shift, strideWidth, outWidth, inWidth);
        const length = strideWidth === 1 ? end - first : 1;
        for (let ox = first; ox < end; ox += length) {
          visit(fy * filterWidth + fx, iy * inWidth + ox * strideWidth + shift, oy * outWidth + ox, length);
        }
      }
    }
  }
}

/**
 * Filter gradient of a convolution of any stride, padding and dilation: for each place of the filter and each row of
 * outputs dW += X^T dY, over the pixels of the row in all images at once.
 */
export function filterGradientBySimd(
  simd: Simd,
  backend: BackendWasm,
  x: TensorInfo,
  dy: TensorInfo,
  info: ConvInfo,
): TensorInfo {
  const { batchSize, inChannels, outChannels } = info;
  const [rows, columns] = [roundUp(inChannels, TILE_ROWS), roundUp(outChannels, TILE_COLUMNS)];
  const [rowOfX, rowOfDy, place] = [4 * rows, 4 * columns, 4 * rows * columns]; // bytes
  return withScratch(backend, (own) => {
    const fromX = addressOf(backend, own(rowsOfImages(simd, backend, x, rows)));
    const fromDy = addressOf(backend, own(rowsOfImages(simd, backend, dy, columns)));
    const padded = own(makeOutput(backend, [info.filterHeight * info.filterWidth, rows, columns]));
    floats(backend, padded).fill(0);
    const sums = addressOf(backend, padded);
    const block = Math.max(32, Math.floor(PANEL / rows));

    eachRun(info, (index, input, output, length) => {
      const count = length * batchSize;
      for (let start = 0; start < count; start += block) {
        const k = Math.min(block, count - start);
        const a = fromX + rowOfX * (input * batchSize + start);
        const b = fromDy + rowOfDy * (output * batchSize + start);
        const c = sums + place * index;
        for (let at = 0; at < rowOfDy; at += 4 * TILE_COLUMNS) {
          simd.productOfColumns(a, b + at, c + at, k, rowOfX, rowOfDy, rowOfDy, rows / TILE_ROWS);
        }
      }
    });

    const gradient = makeOutput(backend, info.filterShape);
    const to = addressOf(backend, gradient);
    const [quads, singles, size] = [outChannels >> 2, outChannels & 3, 4 * outChannels];
    for (let index = 0; index < info.filterHeight * info.filterWidth; index++) {
      simd.copyRows(sums + place * index, to + size * inChannels * index, inChannels, quads, singles, rowOfDy, size);
    }
    return gradient;
  });
}
