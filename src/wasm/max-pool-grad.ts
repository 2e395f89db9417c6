import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { addressOf, floats, makeOutput, type WasmKernel } from './heap';
import { simdOf, type Simd } from './simd';

type PoolInfo = backend_util.Conv2DInfo;

/** The inputs [first, end) under the window that starts at `start`. */
function inside(start: number, size: number, inputs: number): [first: number, end: number] {
  return [Math.max(0, start), Math.min(inputs, start + size)];
}

/** For a multiple of 4 channels; `gradient` holds zeros. */
function addBySimd(
  simd: Simd,
  backend: BackendWasm,
  input: TensorInfo,
  dy: TensorInfo,
  gradient: TensorInfo,
  info: PoolInfo,
): void {
  const { inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo, strideWidth } = info;
  const [values, sums, upstream] = [input, gradient, dy].map((t) => addressOf(backend, t)) as [number, number, number];
  const pixel = 4 * channels;
  // Outputs [whole, edge) have their whole window inside: neighbors among them are one call.
  const whole = Math.min(outWidth, Math.ceil(padInfo.left / strideWidth));
  const fitting = Math.floor((inWidth + padInfo.left - info.effectiveFilterWidth) / strideWidth) + 1;
  const edge = Math.max(whole, Math.min(outWidth, fitting));
  for (let n = 0; n < info.batchSize; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const [top, bottom] = inside(oy * info.strideHeight - padInfo.top, info.effectiveFilterHeight, inHeight);
      if (top >= bottom) continue;
      for (let ox = 0, next: number; ox < outWidth; ox = next) {
        next = ox === whole && whole < edge ? edge : ox + 1;
        const [left, right] = inside(ox * strideWidth - padInfo.left, info.effectiveFilterWidth, inWidth);
        if (left >= right) continue;
        const corner = ((n * inHeight + top) * inWidth + left) * pixel;
        const from = upstream + ((n * outHeight + oy) * outWidth + ox) * pixel;
        const [step, row] = [strideWidth * pixel, inWidth * pixel];
        simd.addToMaxima(
          values + corner,
          sums + corner,
          from,
          next - ox,
          step,
          bottom - top,
          right - left,
          row,
          pixel,
          channels >> 2,
        );
      }
    }
  }
}

function addByLoops(
  backend: BackendWasm,
  input: TensorInfo,
  dy: TensorInfo,
  gradient: TensorInfo,
  info: PoolInfo,
): void {
  const { inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
  const [values, upstream, sums] = [floats(backend, input), floats(backend, dy), floats(backend, gradient)];
  const largest = new Float32Array(channels);
  const winner = new Int32Array(channels);
  let from = 0;
  for (let n = 0; n < info.batchSize; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const [top, bottom] = inside(oy * info.strideHeight - padInfo.top, info.effectiveFilterHeight, inHeight);
      for (let ox = 0; ox < outWidth; ox++) {
        const [left, right] = inside(ox * info.strideWidth - padInfo.left, info.effectiveFilterWidth, inWidth);
        winner.fill(-1);
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) {
            const place = ((n * inHeight + y) * inWidth + x) * channels;
            for (let c = 0; c < channels; c++) {
              const value = values[place + c]!;
              if (winner[c] === -1 || value > largest[c]!) {
                largest[c] = value;
                winner[c] = place + c;
              }
            }
          }
        }
        for (let c = 0; c < channels; c++) if (winner[c]! >= 0) sums[winner[c]!]! += upstream[from + c]!;
        from += channels;
      }
    }
  }
}

/**
 * Gradient of max pooling: each output's gradient goes to the first member of its window that holds the maximum, as on
 * the cpu backend. The backend's own kernel starts from the smallest positive number and loses windows whose maximum is
 * <= 0.
 */
export const maxPoolGrad: WasmKernel = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  const shape = input.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const gradient = makeOutput(backend, shape);
  floats(backend, gradient).fill(0);
  const simd = info.inChannels % 4 === 0 ? simdOf(backend) : undefined;
  if (simd) addBySimd(simd, backend, input, dy, gradient, info);
  else addByLoops(backend, input, dy, gradient, info);
  return gradient;
};
