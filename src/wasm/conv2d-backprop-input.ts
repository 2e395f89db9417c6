import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { withSizeOf } from './forward-size';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { addressOf, floats, makeOutput, runKernel, withScratch, type WasmKernel } from './heap';
import { simdOf, type Simd } from './simd';

type Shape4D = [number, number, number, number];

/** The filter turned by 180 degrees in space, its channels exchanged: [h, w, in, out] -> [h, w, out, in]. */
function turnFilter(filter: Float32Array, [height, width, inside, outside]: Shape4D, turned: Float32Array): void {
  for (let place = 0; place < height * width; place++) {
    const from = place * inside * outside;
    const to = (height * width - 1 - place) * inside * outside;
    for (let i = 0; i < inside; i++) {
      for (let o = 0; o < outside; o++) turned[to + o * inside + i] = filter[from + i * outside + o]!;
    }
  }
}

/** dY with stride - 1 zeros between its pixels: [N, (h - 1) * strideHeight + 1, (w - 1) * strideWidth + 1, C]. */
function spreadOut(simd: Simd, backend: BackendWasm, dy: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels: channels, strideHeight, strideWidth } = info;
  const [height, width] = [(outHeight - 1) * strideHeight + 1, (outWidth - 1) * strideWidth + 1];
  const spread = makeOutput(backend, [batchSize, height, width, channels]);
  floats(backend, spread).fill(0);
  const [from, to, pixel] = [addressOf(backend, dy), addressOf(backend, spread), 4 * channels];
  for (let n = 0; n < batchSize; n++) {
    for (let y = 0; y < outHeight; y++) {
      const source = from + (n * outHeight + y) * outWidth * pixel;
      const target = to + (n * height + y * strideHeight) * width * pixel;
      simd.copyRows(source, target, outWidth, channels >> 2, channels & 3, pixel, strideWidth * pixel);
    }
  }
  return spread;
}

/** Zeros that a stride puts between pixels cost work, but up to here less than the backend's scalar loop. */
const LARGEST_SPREAD = 16;

/**
 * Input gradient of a convolution: one of dY, its pixels set apart by the stride, with the turned filter, at the speed
 * of XNNPACK's. Where that cannot be, the backend's own kernel, a scalar loop.
 */
export function conv2dBackpropInput(stock: WasmKernel): WasmKernel {
  return (call) => {
    const { inputs, backend, attrs } = call;
    const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = attrs as unknown as {
      strides: number | [number, number];
      pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
      dataFormat: 'NHWC' | 'NCHW';
      dimRoundingMode?: 'floor' | 'round' | 'ceil';
      inputShape: Shape4D;
    };
    const shape = filter.shape as Shape4D;
    const format = backend_util.convertConv2DDataFormat(dataFormat);
    const info = withSizeOf(
      dy,
      backend_util.computeConv2DInfo(inputShape, shape, strides, 1, pad, dimRoundingMode, false, format),
    );
    const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
    /** Zeros around dY so that the result is as long as the input. */
    const around = (inputs: number, outputs: number, stride: number, size: number, before: number) => {
      const start = size - 1 - before;
      return [start, inputs + size - 1 - ((outputs - 1) * stride + 1) - start] as const;
    };
    const vertical = around(info.inHeight, info.outHeight, strideHeight, filterHeight, padInfo.top);
    const horizontal = around(info.inWidth, info.outWidth, strideWidth, filterWidth, padInfo.left);
    const spread = strideHeight * strideWidth;
    const simd = simdOf(backend);
    const isPossible = info.dataFormat === 'channelsLast' && (spread === 1 || (simd && spread <= LARGEST_SPREAD));
    // More padding than the filter reaches would want dY cropped.
    if (!isPossible || [...vertical, ...horizontal].some((side) => side < 0)) return stock(call);

    return withScratch(backend, (own) => {
      const turned = own(makeOutput(backend, [filterHeight, filterWidth, info.outChannels, info.inChannels]));
      turnFilter(floats(backend, filter), filter.shape as Shape4D, floats(backend, turned));
      const upstream = spread > 1 && simd ? own(spreadOut(simd, backend, dy, info)) : dy;
      const pad = [[0, 0], vertical, horizontal, [0, 0]];
      return runKernel(
        backend,
        'Conv2D',
        { x: upstream, filter: turned },
        { strides: 1, pad, dilations: 1, dataFormat: 'NHWC' },
      );
    });
  };
}
