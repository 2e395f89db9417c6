import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { withSizeOf } from './forward-size';
import { filterGradientBySimd } from './filter-gradient-by-simd';
import { floats, makeOutput, runKernel, withScratch, type WasmKernel } from './heap';
import { simdOf } from './simd';

type Shape4D = [number, number, number, number];
type ConvInfo = backend_util.Conv2DInfo;

/**
 * Stride 1: a convolution of x as [Cin, H, W, N] with dY as a filter [H, W, N, Cout] gives [Cin, h, w, Cout], at the
 * speed of XNNPACK's.
 */
export function filterGradientByConvolution(
  backend: BackendWasm,
  x: TensorInfo,
  dy: TensorInfo,
  info: ConvInfo,
): TensorInfo {
  const { top, bottom, left, right } = info.padInfo;
  return withScratch(backend, (own) => {
    const turnedX = own(runKernel(backend, 'Transpose', { x }, { perm: [3, 1, 2, 0] }));
    const turnedDy = own(runKernel(backend, 'Transpose', { x: dy }, { perm: [1, 2, 0, 3] }));
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    const attrs = { strides: 1, pad, dilations: 1, dataFormat: 'NHWC' };
    const byInput = own(runKernel(backend, 'Conv2D', { x: turnedX, filter: turnedDy }, attrs));
    return runKernel(backend, 'Transpose', { x: byInput }, { perm: [1, 2, 0, 3] });
  });
}

/** Any stride, straight from the definition. */
export function filterGradientByLoops(backend: BackendWasm, x: TensorInfo, dy: TensorInfo, info: ConvInfo): TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const gradient = makeOutput(backend, info.filterShape);
  const [input, upstream, sums] = [floats(backend, x), floats(backend, dy), floats(backend, gradient)];
  sums.fill(0);
  for (let n = 0; n < batchSize; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const from = ((n * outHeight + oy) * outWidth + ox) * outChannels;
        for (let fy = 0; fy < info.filterHeight; fy++) {
          const iy = oy * info.strideHeight - padInfo.top + fy * info.dilationHeight;
          if (iy < 0 || iy >= inHeight) continue;
          for (let fx = 0; fx < info.filterWidth; fx++) {
            const ix = ox * info.strideWidth - padInfo.left + fx * info.dilationWidth;
            if (ix < 0 || ix >= inWidth) continue;
            const place = ((n * inHeight + iy) * inWidth + ix) * inChannels;
            const to = (fy * info.filterWidth + fx) * inChannels * outChannels;
            for (let i = 0; i < inChannels; i++) {
              const value = input[place + i]!;
              for (let o = 0; o < outChannels; o++) sums[to + i * outChannels + o]! += value * upstream[from + o]!;
            }
          }
        }
      }
    }
  }
  return gradient;
}

/** Filter gradient of a convolution, which the backend lacks. */
export const conv2dBackpropFilter: WasmKernel = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs as unknown as {
    strides: number | [number, number];
    pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
    dataFormat: 'NHWC' | 'NCHW';
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
    filterShape: Shape4D;
  };
  const format = backend_util.convertConv2DDataFormat(dataFormat);
  if (format !== 'channelsLast') throw new Error('tfjs-ood/wasm: Conv2DBackpropFilter takes NHWC only');
  const shape = x.shape as Shape4D;
  const info = withSizeOf(
    dy,
    backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode, false, format),
  );
  const simd = simdOf(backend);
  if (simd) return filterGradientBySimd(simd, backend, x, dy, info);
  const isUnitStride = info.strideHeight === 1 && info.strideWidth === 1;
  return (isUnitStride ? filterGradientByConvolution : filterGradientByLoops)(backend, x, dy, info);
};
