import * as tf from '@tensorflow/tfjs-core';

/** Kernels of training that only `tfjs-ood/webgpu` has. */
type StepKernel =
  'AdamUpdate' | 'MoveTowards' | 'NormalizeChannels' | 'NormalizeChannelsGrad' | 'ReluGrad' | 'StepHealth';

/**
 * What a kernel of ours makes, where it is registered for the backend in use. Losses have such a function of their own:
 * one for both would be a file that the main entry, which has no byte to spare, shares with this one.
 */
export const stepKernel = (
  name: StepKernel,
  inputs: Readonly<Record<string, tf.Tensor | undefined>>,
  attrs?: tf.NamedAttrMap,
) =>
  ((tf.getKernel(name, tf.getBackend()) as unknown) &&
    tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs)) as tf.Tensor | tf.Tensor[] | undefined;
