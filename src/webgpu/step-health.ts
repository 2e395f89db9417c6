import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, numbersIn, type GpuKernel, type GpuProgram } from './dispatch';

/** Tensors of one dispatch: a stage may have eight buffers, and one is for the sums. */
const AT_ONCE = 7;
/** Most workgroups of a tensor, and the numbers that are worth one. */
const [MOST_GROUPS, NUMBERS] = [64, 1024];
const THREADS = 256;

const SLOTS = Array.from({ length: AT_ONCE }, (_, i) => i);

const reduce = (sum: string): string => `
  sums[thread] = ${sum};
  for (var half = ${THREADS / 2}; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread < half) { sums[thread] += sums[thread + half]; }
  }`;

const SQUARES: GpuProgram = {
  name: 'StepHealth squares',
  writes: ['result: array<f32>'],
  reads: SLOTS.map((i) => `x${i}: array<f32>`),
  sizes: ['first', ...SLOTS.map((i) => `size${i}`)],
  code: `
var<workgroup> sums: array<f32, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let thread = i32(index);
  let start = i32(group.x) * ${THREADS} + thread;
  let stride = i32(groups.x) * ${THREADS};
  var sum = 0.0;
  switch group.y {
${SLOTS.map(
  (i) => `    case ${i}u: {
      for (var i = start; i < given.size${i}; i += stride) { sum += x${i}[i] * x${i}[i]; }
    }`,
).join('\n')}
    default: {}
  }${reduce('sum')}
  if (thread == 0) { result[given.first + i32(group.y * groups.x + group.x)] = sums[0]; }
}`,
};

/** A test for NaN and infinity by bits: compilers may take numbers for finite. */
const FINISH: GpuProgram = {
  name: 'StepHealth',
  writes: ['result: array<f32>'],
  reads: ['parts: array<f32>', 'loss: array<f32>', 'before: array<f32>'],
  sizes: ['count', 'hasBefore'],
  code: `
var<workgroup> sums: array<f32, ${THREADS}>;
fn isFinite(number: f32) -> bool { return (bitcast<u32>(number) & 0x7f800000u) != 0x7f800000u; }
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) index: u32) {
  let thread = i32(index);
  var sum = 0.0;
  for (var i = thread; i < given.count; i += ${THREADS}) { sum += parts[i]; }${reduce('sum')}
  if (thread == 0) {
    result[0] = loss[0];
    result[1] = sums[0];
    let wasWell = given.hasBefore == 0 || before[2] == 0.0;
    result[2] = select(1.0, 0.0, wasWell && isFinite(loss[0]) && isFinite(sums[0]));
  }
}`,
};

/**
 * [loss, squared norm of all gradients, 1 where one of these is not finite, or was not in `before`]: inputs `loss`,
 * `gradient0`, `gradient1`, ..., and `before`, another such three.
 */
export const stepHealthKernel: GpuKernel = ({ inputs, backend }) => {
  const { loss, before, ...rest } = inputs as { loss: TensorInfo; before?: TensorInfo; [name: string]: TensorInfo };
  const gradients = Object.values<TensorInfo>(rest);
  const parts = backend.makeTensorInfo([Math.max(1, gradients.length) * MOST_GROUPS], 'float32');
  let count = 0;
  for (let first = 0; first < gradients.length; first += AT_ONCE) {
    const own = gradients.slice(first, first + AT_ONCE);
    // Slots that are left are bound too, and nothing of them is read.
    const slots = SLOTS.map((i) => own[i] ?? own[0]!);
    const sizes = SLOTS.map((i) => (own[i] ? numbersIn(own[i]) : 0));
    const groups = Math.min(MOST_GROUPS, Math.ceil(Math.max(...sizes) / NUMBERS));
    dispatch(backend, SQUARES, [parts, ...slots], [count, ...sizes], [groups, own.length, 1]);
    count += groups * own.length;
  }
  const result = backend.makeTensorInfo([3], 'float32');
  dispatch(backend, FINISH, [result, parts, loss, before ?? loss], [count, before ? 1 : 0], [1, 1, 1]);
  backend.disposeData(parts.dataId);
  return result;
};
