import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { dispose, floats, makeOutput, runKernel, type Kernel } from './heap';

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

/**
 * Input gradient of a convolution. With stride 1 it is a convolution of dY with the turned filter, at the speed of
 * XNNPACK's; with other strides the backend's own kernel, a scalar loop.
 */
export function conv2dBackpropInput(stock: Kernel): Kernel {
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
    const info = backend_util.computeConv2DInfo(
      inputShape,
      filter.shape as Shape4D,
      strides,
      1,
      pad,
      dimRoundingMode,
      false,
      backend_util.convertConv2DDataFormat(dataFormat),
    );
    const { filterHeight, filterWidth, padInfo } = info;
    const around = [
      [filterHeight - 1 - padInfo.top, filterHeight - 1 - padInfo.bottom],
      [filterWidth - 1 - padInfo.left, filterWidth - 1 - padInfo.right],
    ] as const;
    const isPlain = info.strideHeight === 1 && info.strideWidth === 1 && info.dataFormat === 'channelsLast';
    // More padding than the filter reaches would want dY cropped.
    if (!isPlain || around.flat().some((side) => side < 0)) return stock(call);

    const turned = makeOutput(backend, [filterHeight, filterWidth, info.outChannels, info.inChannels]);
    turnFilter(floats(backend, filter), filter.shape as Shape4D, floats(backend, turned));
    const dx = runKernel(
      backend,
      'Conv2D',
      { x: dy, filter: turned },
      { strides: 1, pad: [[0, 0], ...around, [0, 0]], dilations: 1, dataFormat: 'NHWC' },
    );
    dispose(backend, turned);
    return dx;
  };
}
