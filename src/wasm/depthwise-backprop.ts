import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { withSizeOf } from './forward-size';
import { floats, makeOutput, type WasmKernel, type KernelCall } from './heap';

type Shape4D = [number, number, number, number];

function depthwiseInfo(
  attrs: KernelCall['attrs'],
  dy: TensorInfo,
  inputShape: Shape4D,
  filterShape: Shape4D,
): backend_util.Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode } = attrs as unknown as {
    strides: number | [number, number];
    dilations: number | [number, number];
    pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  const rounding = dimRoundingMode;
  return withSizeOf(
    dy,
    backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations, pad, rounding, true),
  );
}

/**
 * Calls `visit` for every meeting of an output pixel, a filter place and the input pixel under it: offsets of their
 * first channels.
 */
function eachMeeting(info: backend_util.Conv2DInfo, visit: (x: number, dy: number, filter: number) => void): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  for (let n = 0; n < info.batchSize; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let fy = 0; fy < info.filterHeight; fy++) {
          const iy = oy * info.strideHeight - padInfo.top + fy * info.dilationHeight;
          if (iy < 0 || iy >= inHeight) continue;
          for (let fx = 0; fx < info.filterWidth; fx++) {
            const ix = ox * info.strideWidth - padInfo.left + fx * info.dilationWidth;
            if (ix < 0 || ix >= inWidth) continue;
            visit(
              ((n * inHeight + iy) * inWidth + ix) * inChannels,
              ((n * outHeight + oy) * outWidth + ox) * outChannels,
              (fy * info.filterWidth + fx) * outChannels,
            );
          }
        }
      }
    }
  }
}

/** Filter gradient of a depthwise convolution [h, w, Cin, multiplier], which the backend lacks. */
export const depthwiseBackpropFilter: WasmKernel = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const filterShape = attrs.filterShape as Shape4D;
  const info = depthwiseInfo(attrs, dy, x.shape as Shape4D, filterShape);
  const gradient = makeOutput(backend, filterShape);
  const [input, upstream, sums] = [floats(backend, x), floats(backend, dy), floats(backend, gradient)];
  const multiplier = filterShape[3];
  sums.fill(0);
  eachMeeting(info, (from, up, to) => {
    for (let c = 0, k = 0; c < info.inChannels; c++) {
      const value = input[from + c]!;
      for (let m = 0; m < multiplier; m++, k++) sums[to + k]! += value * upstream[up + k]!;
    }
  });
  return gradient;
};

/** Input gradient of a depthwise convolution, which the backend lacks. */
export const depthwiseBackpropInput: WasmKernel = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const inputShape = attrs.inputShape as Shape4D;
  const info = depthwiseInfo(attrs, dy, inputShape, filter.shape as Shape4D);
  const gradient = makeOutput(backend, inputShape);
  const [upstream, weights, sums] = [floats(backend, dy), floats(backend, filter), floats(backend, gradient)];
  const multiplier = filter.shape[3]!;
  sums.fill(0);
  eachMeeting(info, (to, up, place) => {
    for (let c = 0, k = 0; c < info.inChannels; c++) {
      let sum = 0;
      for (let m = 0; m < multiplier; m++, k++) sum += weights[place + k]! * upstream[up + k]!;
      sums[to + c]! += sum;
    }
  });
  return gradient;
};
