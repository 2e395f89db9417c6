import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';

export type Shape4D = [number, number, number, number];

/**
 * The convolution that a gradient's kernel is asked about; `places` are its sizes after those of its input, as programs
 * read them. How the forward pass rounded its output's size, only the gradient's own shape says.
 */
export function convolutionOf(
  { x, filter, dy }: { x: Shape4D; filter: Shape4D; dy: TensorInfo },
  attrs: Readonly<Record<string, unknown>>,
  isDepthwise = false,
) {
  const { strides, pad, dilations, dimRoundingMode } = attrs as {
    strides: number | [number, number];
    pad: 'same' | 'valid' | number;
    dilations?: number | [number, number];
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  const info = backend_util.computeConv2DInfo(x, filter, strides, dilations ?? 1, pad, dimRoundingMode, isDepthwise);
  const [, outHeight, outWidth] = dy.shape as Shape4D;
  const steps = [info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth];
  return { ...info, outHeight, outWidth, places: [info.padInfo.top, info.padInfo.left, ...steps] };
}
