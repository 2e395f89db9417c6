import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, forEach, forEachGroups, numbersIn, type GpuKernel, type GpuProgram } from './dispatch';

/** By bits, as compilers may take numbers for finite: the gradient of a NaN is NaN, as by tfjs's `step`. */
const PROGRAM: GpuProgram = {
  name: 'ReluGrad',
  writes: ['result: array<f32>'],
  reads: ['dy: array<f32>', 'x: array<f32>'],
  sizes: ['count'],
  code: forEach(`fn each(i: i32) {
  let value = x[i];
  let isNan = (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
  result[i] = dy[i] * select(select(0.0, 1.0, value > 0.0), value, isNan);
}`),
};

/** Gradient of ReLU: dy where x is above 0, else 0; tfjs's takes two kernels and a tensor between. */
export const reluGradient: GpuKernel = ({ inputs, backend }) => {
  const { dy, x } = inputs as { dy: TensorInfo; x: TensorInfo };
  const result = backend.makeTensorInfo(x.shape, 'float32');
  const count = numbersIn(result);
  dispatch(backend, PROGRAM, [result, dy, x], [count], forEachGroups(count));
  return result;
};
