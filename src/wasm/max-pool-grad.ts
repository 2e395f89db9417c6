import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeOutput, type Kernel } from './heap';

/**
 * Gradient of max pooling: each output's gradient goes to the first member of its window that holds the maximum, as on the
 * cpu backend. The backend's own kernel starts from the smallest positive number and loses windows whose maximum is <= 0.
 */
export const maxPoolGrad: Kernel = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  const shape = input.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
  const gradient = makeOutput(backend, shape);
  const [values, upstream, sums] = [floats(backend, input), floats(backend, dy), floats(backend, gradient)];
  sums.fill(0);
  const largest = new Float32Array(channels);
  const winner = new Int32Array(channels);
  let from = 0;
  for (let n = 0; n < info.batchSize; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const top = oy * info.strideHeight - padInfo.top;
      const [firstY, endY] = [Math.max(0, top), Math.min(inHeight, top + info.effectiveFilterHeight)];
      for (let ox = 0; ox < outWidth; ox++) {
        const left = ox * info.strideWidth - padInfo.left;
        const [firstX, endX] = [Math.max(0, left), Math.min(inWidth, left + info.effectiveFilterWidth)];
        winner.fill(-1);
        for (let y = firstY; y < endY; y++) {
          for (let x = firstX; x < endX; x++) {
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
  return gradient;
};
