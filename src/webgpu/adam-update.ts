import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, forEach, forEachGroups, numbersIn, type GpuKernel, type GpuProgram } from './dispatch';

/** All eight buffers that a stage may have. */
const PROGRAM: GpuProgram = {
  name: 'AdamUpdate',
  writes: ['newWeights: array<f32>', 'newM: array<f32>', 'newV: array<f32>'],
  reads: [...['weights: array<f32>', 'gradient: array<f32>', 'm: array<f32>', 'v: array<f32>'], 'health: array<f32>'],
  sizes: ['count'],
  numbers: ['gradientFactor', 'weightDecay', 'beta1', 'restOfBeta1', 'beta2', 'restOfBeta2', 'epsilon', 'rate'],
  code: forEach(`fn each(i: i32) {
  let w = weights[i];
  if (health[2] != 0.0) {
    newWeights[i] = w; newM[i] = m[i]; newV[i] = v[i];
    return;
  }
  let g = gradient[i] * given.gradientFactor + w * given.weightDecay;
  let nextM = m[i] * given.beta1 + g * given.restOfBeta1;
  let nextV = v[i] * given.beta2 + g * g * given.restOfBeta2;
  newM[i] = nextM;
  newV[i] = nextV;
  newWeights[i] = w - nextM * given.rate / (sqrt(nextV) + given.epsilon);
}`),
};

/**
 * One variable's update by Adam, as `createAdam` does it: [weights, m, v], all as they were where the step's health
 * (`StepHealth`) says that a number was not finite.
 */
export const adamUpdate: GpuKernel = ({ inputs, backend, attrs }) => {
  const { weights, m, v, health } = inputs as Record<'weights' | 'm' | 'v' | 'health', TensorInfo>;
  const gradient = inputs.gradient;
  const { beta1, beta2, epsilon, weightDecay, rate } = attrs as Record<string, number>;
  const writes = [0, 1, 2].map(() => backend.makeTensorInfo(weights.shape, 'float32'));
  const numbers = [weightDecay!, beta1!, 1 - beta1!, beta2!, 1 - beta2!, epsilon!, rate!];
  const count = numbersIn(weights);
  dispatch(
    backend,
    PROGRAM,
    [...writes, weights, gradient ?? weights, m, v, health],
    [count, gradient ? 1 : 0, ...numbers],
    forEachGroups(count),
  );
  return writes;
};
