import { backend_util, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { reservePacked } from '../tensors/backend-room';
import type { WasmKernel } from './heap';

type Shape4D = [number, number, number, number];
type Padding = 'same' | 'valid' | number | backend_util.ExplicitPadding;

/**
 * Numbers of the output, and of what XNNPACK allocates: the filter, its transpose on the way, and pointers to the
 * pixels under it.
 */
function numbersOf({ filterHeight, filterWidth, ...info }: backend_util.Conv2DInfo, depthwise: boolean): number {
  const places = filterHeight * filterWidth;
  const [groups, inside, outside] = depthwise
    ? [info.inChannels, 1, info.outChannels / info.inChannels]
    : [1, info.inChannels, info.outChannels];
  const packed = groups * 8 * Math.ceil(outside / 8) * (places * 4 * Math.ceil(inside / 4) + 1);
  const pointers = places * info.outHeight * (info.outWidth + 8);
  return packed + places * inside * outside * groups + pointers + util.sizeFromShape(info.outShape);
}

/** Whether an axis has pixels that no window reaches, as where the filter is shorter than the stride. */
const leavesPixels = (inputs: number, outputs: number, stride: number, reach: number): boolean =>
  (outputs - 1) * stride + reach < inputs;

/**
 * A forward convolution, plain or depthwise, fused or not: an error where XNNPACK's copy of the filter would find no
 * memory, and right with 'same' where windows leave pixels out. There XNNPACK computes its padding as an unsigned
 * number, which wraps around, and all of the output is 0; the same padding said explicitly is right, at the same speed.
 */
export function forwardConvolution(depthwise: boolean): (stock: WasmKernel) => WasmKernel {
  return (stock) => (call) => {
    const { inputs, backend, attrs } = call;
    const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
    const { strides, dilations, pad, dimRoundingMode, dataFormat } = attrs as unknown as {
      strides: number | [number, number];
      dilations?: number | [number, number];
      pad: Padding;
      dimRoundingMode?: 'floor' | 'round' | 'ceil';
      dataFormat?: 'NHWC' | 'NCHW';
    };
    if (dataFormat === 'NCHW') return stock(call); // refuses it
    const [shape, filterShape] = [x.shape as Shape4D, filter.shape as Shape4D];
    const info = backend_util.computeConv2DInfo(
      shape,
      filterShape,
      strides,
      dilations ?? 1,
      pad,
      dimRoundingMode,
      depthwise,
    );
    if (info.outHeight < 1 || info.outWidth < 1) {
      throw new Error(
        `tfjs-ood/wasm: the filter [${info.filterHeight}, ${info.filterWidth}] is larger than the image ` +
          `[${info.inHeight}, ${info.inWidth}] with pad '${String(pad)}': there is no output, and the backend would not survive it`,
      );
    }
    const way = [strides, dilations, pad, shape[1], shape[2]].join();
    reservePacked(backend, filter.dataId, numbersOf(info, depthwise), way);
    const { top, bottom, left, right } = info.padInfo;
    const mustBeExplicit =
      pad === 'same' &&
      (leavesPixels(info.inHeight, info.outHeight, info.strideHeight, info.effectiveFilterHeight) ||
        leavesPixels(info.inWidth, info.outWidth, info.strideWidth, info.effectiveFilterWidth));
    if (!mustBeExplicit) return stock(call);
    const explicit: Padding = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return stock({ inputs, backend, attrs: { ...attrs, pad: explicit } });
  };
}
