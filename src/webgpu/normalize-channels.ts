import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  dispatch,
  FLAT_GROUP,
  forEach,
  forEachGroups,
  numbersIn,
  spreadGroups,
  type GpuBackend,
  type GpuKernel,
} from './dispatch';
import type { GpuProgram } from './dispatch';

/** Threads that add up the parts of a channel. */
const LANES = 64;
/** Threads that keep a large card busy. */
const ENOUGH_THREADS = 2 ** 16;
const LEAST_ROWS = 32;

/** How rows [R, C] are divided, one thread for the rows of a part in a channel. */
function rowParts(rows: number, channels: number) {
  const most = Math.max(1, Math.min(Math.floor(ENOUGH_THREADS / channels), Math.floor(rows / LEAST_ROWS)));
  const rowsOfPart = Math.ceil(rows / most);
  return { rowsOfPart, parts: Math.ceil(rows / rowsOfPart) };
}

const PART_SIZES = ['count', 'channels', 'rows', 'rowsOfPart'];

/** `step(at)` sees x of each row of a part; `end(i)` stores what it has. */
const eachPart = (start: string, step: string, end: string) =>
  forEach(`fn each(i: i32) {
  let channel = i % given.channels;
  let first = (i / given.channels) * given.rowsOfPart;
  let end = min(given.rows, first + given.rowsOfPart);
  ${start}
  for (var row = first; row < end; row++) {
    let at = row * given.channels + channel;
    ${step}
  }
  ${end}
}`);

/**
 * Mean and sum of squared deviations of each part, without cancellation (Welford 1962). Means are counted from the
 * channel's first number: far from 0 the steps of a mean would be less than its last digit.
 */
const PART_MOMENTS: GpuProgram = {
  name: 'NormalizeChannels moments',
  writes: ['parts: array<vec2<f32>>'],
  reads: ['x: array<f32>'],
  sizes: PART_SIZES,
  code: eachPart(
    'let origin = x[channel]; var mean = 0.0; var squares = 0.0;',
    `let value = x[at] - origin;
    let off = value - mean;
    mean += off / f32(row - first + 1);
    squares += off * (value - mean);`,
    'parts[i] = vec2<f32>(mean, squares);',
  ),
};

const PART_GRADIENTS: GpuProgram = {
  name: 'NormalizeChannelsGrad sums',
  writes: ['parts: array<vec2<f32>>'],
  reads: ['x: array<f32>', 'dy: array<f32>', 'means: array<f32>'],
  sizes: PART_SIZES,
  code: eachPart(
    'let mean = means[channel]; var sums = vec2<f32>();',
    'sums += dy[at] * vec2<f32>(1.0, x[at] - mean);',
    'parts[i] = sums;',
  ),
};

const ALL_SIZES = ['channels', 'rows', 'rowsOfPart', 'partCount'];

/** A workgroup a channel: each lane joins some parts, then lanes join by halves; `finish` gets the whole. */
const eachChannel = (join: string, finish: string) => `${FLAT_GROUP}
var<workgroup> lanes: array<vec3<f32>, ${LANES}>;
${join}
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let channel = flatGroup(group, groups);
  let lane = i32(index);
  var own = vec3<f32>();
  if (channel < given.channels) {
    for (var part = lane; part < given.partCount; part += ${LANES}) {
      let rows = min(given.rowsOfPart, given.rows - part * given.rowsOfPart);
      own = joined(own, vec3<f32>(parts[part * given.channels + channel], f32(rows)));
    }
  }
  lanes[lane] = own;
  for (var half = ${LANES / 2}; half > 0; half /= 2) {
    workgroupBarrier();
    if (lane < half) { lanes[lane] = joined(lanes[lane], lanes[lane + half]); }
  }
  if (lane == 0 && channel < given.channels) {
    let all = lanes[0];
    ${finish}
  }
}`;

/** Means and squares of two parts, and their numbers of rows, as one (Chan, Golub, LeVeque 1983). */
const JOIN_MOMENTS = `
fn joined(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
  let count = a.z + b.z;
  if (b.z == 0.0) { return a; }
  let off = b.x - a.x;
  return vec3<f32>(a.x + off * (b.z / count), a.y + b.y + off * off * (a.z * b.z / count), count);
}`;

const MOMENTS: GpuProgram = {
  name: 'NormalizeChannels join',
  writes: ['means: array<f32>', 'variances: array<f32>', 'inverses: array<f32>'],
  reads: ['parts: array<vec2<f32>>', 'x: array<f32>'],
  sizes: ALL_SIZES,
  numbers: ['epsilon'],
  code: eachChannel(
    JOIN_MOMENTS,
    `let variance = all.y / all.z;
    means[channel] = x[channel] + all.x;
    variances[channel] = variance;
    inverses[channel] = inverseSqrt(variance + given.epsilon);`,
  ),
};

const GRADIENT_SUMS: GpuProgram = {
  name: 'NormalizeChannelsGrad join',
  writes: ['dgamma: array<f32>', 'dbeta: array<f32>'],
  reads: ['parts: array<vec2<f32>>', 'inverses: array<f32>'],
  sizes: ALL_SIZES,
  code: eachChannel(
    'fn joined(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> { return a + b; }',
    `dbeta[channel] = all.x;
    dgamma[channel] = all.y * inverses[channel];`,
  ),
};

const APPLY: GpuProgram = {
  name: 'NormalizeChannels',
  writes: ['result: array<f32>'],
  reads: ['x: array<f32>', 'gamma: array<f32>', 'beta: array<f32>', 'means: array<f32>', 'inverses: array<f32>'],
  sizes: ['count', 'channels'],
  code: forEach(`fn each(i: i32) {
  let channel = i % given.channels;
  result[i] = (x[i] - means[channel]) * (gamma[channel] * inverses[channel]) + beta[channel];
}`),
};

/** dx = gamma/std * (dy - mean(dy) - xhat * mean(dy * xhat)). */
const INPUT_GRADIENT: GpuProgram = {
  name: 'NormalizeChannelsGrad',
  writes: ['result: array<f32>'],
  reads: [
    ...['x: array<f32>', 'dy: array<f32>', 'gamma: array<f32>', 'means: array<f32>', 'inverses: array<f32>'],
    ...['dgamma: array<f32>', 'dbeta: array<f32>'],
  ],
  sizes: ['count', 'channels', 'rows'],
  code: forEach(`fn each(i: i32) {
  let channel = i % given.channels;
  let rows = f32(given.rows);
  let normal = (x[i] - means[channel]) * inverses[channel];
  let off = dy[i] - dbeta[channel] / rows - normal * (dgamma[channel] / rows);
  result[i] = gamma[channel] * inverses[channel] * off;
}`),
};

/** Runs what sums parts of rows, then what joins them. */
function inRowParts(
  backend: GpuBackend,
  [first, reads]: readonly [GpuProgram, readonly TensorInfo[]],
  [second, writes, more]: readonly [GpuProgram, readonly TensorInfo[], readonly TensorInfo[]],
  numbers: readonly number[] = [],
): void {
  const channels = numbersIn(writes[0]!);
  const rows = numbersIn(reads[0]!) / channels;
  const { rowsOfPart, parts } = rowParts(rows, channels);
  const scratch = backend.makeTensorInfo([parts, channels, 2], 'float32');
  const count = parts * channels;
  dispatch(backend, first, [scratch, ...reads], [count, channels, rows, rowsOfPart], forEachGroups(count));
  const sizes = [channels, rows, rowsOfPart, parts];
  dispatch(backend, second, [...writes, scratch, ...more], [...sizes, ...numbers], spreadGroups(channels));
  backend.disposeData(scratch.dataId);
}

/** Batch norm in training: [y, mean, variance, 1 / sqrt(variance + epsilon)] of x [..., C], gamma [C], beta [C]. */
export const normalizeChannelsKernel: GpuKernel = ({ inputs, backend, attrs }) => {
  const { x, gamma, beta } = inputs as Record<'x' | 'gamma' | 'beta', TensorInfo>;
  const channels = numbersIn(gamma);
  const make = (shape: number[]) => backend.makeTensorInfo(shape, 'float32');
  const [y, mean, variance, inverse] = [make(x.shape), make([channels]), make([channels]), make([channels])] as const;
  inRowParts(backend, [PART_MOMENTS, [x]], [MOMENTS, [mean, variance, inverse], [x]], [attrs.epsilon as number]);
  const count = numbersIn(x);
  dispatch(backend, APPLY, [y, x, gamma, beta, mean, inverse], [count, channels], forEachGroups(count));
  return [y, mean, variance, inverse];
};

/** Its gradient: [dx, dgamma, dbeta] of dy, x, gamma and what the forward pass gave. */
export const normalizeChannelsGrad: GpuKernel = ({ inputs, backend }) => {
  const { x, dy, gamma, mean, inverse } = inputs as Record<'x' | 'dy' | 'gamma' | 'mean' | 'inverse', TensorInfo>;
  const channels = numbersIn(gamma);
  const make = (shape: number[]) => backend.makeTensorInfo(shape, 'float32');
  const [dx, dgamma, dbeta] = [make(x.shape), make([channels]), make([channels])] as const;
  inRowParts(backend, [PART_GRADIENTS, [x, dy, mean]], [GRADIENT_SUMS, [dgamma, dbeta], [inverse]]);
  const count = numbersIn(x);
  const reads = [x, dy, gamma, mean, inverse, dgamma, dbeta];
  dispatch(backend, INPUT_GRADIENT, [dx, ...reads], [count, channels, count / channels], forEachGroups(count));
  return [dx, dgamma, dbeta];
};

const MOVE: GpuProgram = {
  name: 'MoveTowards',
  writes: ['mean: array<f32>', 'variance: array<f32>'],
  reads: ['oldMean: array<f32>', 'oldVariance: array<f32>', 'newMean: array<f32>', 'newVariance: array<f32>'],
  sizes: ['count'],
  numbers: ['share'],
  code: forEach(`fn each(i: i32) {
  mean[i] = oldMean[i] + (newMean[i] - oldMean[i]) * given.share;
  variance[i] = oldVariance[i] + (newVariance[i] - oldVariance[i]) * given.share;
}`),
};

/** Both moving statistics, moved by a share towards those of a batch. */
export const moveTowards: GpuKernel = ({ inputs, backend, attrs }) => {
  const { oldMean, oldVariance, newMean, newVariance } = inputs as Record<string, TensorInfo>;
  const [mean, variance] = [oldMean!, oldVariance!].map(({ shape }) => backend.makeTensorInfo(shape, 'float32'));
  const tensors = [mean!, variance!, oldMean!, oldVariance!, newMean!, newVariance!];
  const count = numbersIn(oldMean!);
  dispatch(backend, MOVE, tensors, [count, attrs.share as number], forEachGroups(count));
  return [mean!, variance!];
};
