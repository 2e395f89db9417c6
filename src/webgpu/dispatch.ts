import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../core/errors';
import type { WebgpuKernel, WebgpuKernelCall } from './kernel-call';

type Pipeline = object;
type Uniform = { type: 'int32' | 'float32'; data: number[] };

/** What is used of tfjs's WebGPU backend; the last is private there. */
export interface GpuBackend {
  readonly device: {
    createShaderModule(descriptor: { code: string; label: string }): object;
    createComputePipeline(descriptor: object): Pipeline;
  };
  makeTensorInfo(shape: number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object): boolean;
  uploadToGPU(dataId: object): void;
  recordAndSubmit(program: object, output: TensorInfo, others: TensorInfo[], uniforms: Uniform[]): void;
}

/** What a kernel gets of tfjs's engine. */
export interface GpuCall {
  inputs: Readonly<Record<string, TensorInfo>>;
  backend: GpuBackend;
  attrs: Readonly<Record<string, unknown>>;
}
export type GpuKernel = (call: GpuCall) => TensorInfo | TensorInfo[];

/**
 * A kernel of ours as the registry's. What it does not do goes to the backend's own, if there is one: other types than
 * float32, channels before pixels, nothing at all.
 */
export const registered =
  (kernel: GpuKernel) =>
  (stock: WebgpuKernel | undefined) =>
  (call: WebgpuKernelCall): TensorInfo | TensorInfo[] => {
    const isOurs =
      call.attrs?.dataFormat !== 'NCHW' &&
      Object.values(call.inputs).every((input) => input?.dtype === 'float32' && numbersIn(input) > 0);
    return isOurs || !stock ? kernel(call as unknown as GpuCall) : stock(call);
  };

/**
 * A program in WGSL. Its buffers and numbers are declared by `code`'s words: each buffer `name: type` by its name,
 * each number as `given.name`; every one must be used, as the layout follows from the use.
 */
export interface GpuProgram {
  /** Equal names, equal programs: what a variant is made from must be in it. */
  name: string;
  writes: readonly string[];
  reads: readonly string[];
  /** Whole numbers given with each dispatch. */
  sizes: readonly string[];
  /** Other numbers given with each dispatch. */
  numbers?: readonly string[];
  code: string;
}

const pipelines = new WeakMap<object, Map<string, Pipeline>>();

/** Earlier versions pass other numbers before ours, which programs would take for theirs. */
function checkVersion(backend: GpuBackend): void {
  const { recordAndSubmit } = Object.getPrototypeOf(backend) as Partial<GpuBackend>;
  if (recordAndSubmit && String(recordAndSubmit).includes('pixelsOpType')) return;
  const expected = 'one that passes uniforms as 4.22 does (npm install @tensorflow/tfjs-backend-webgpu@^4.22)';
  throw new ArgumentError('tfjs-ood/webgpu', '@tensorflow/tfjs-backend-webgpu', expected, 'another version');
}

/** WGSL of a program: what it declares, then its code. */
export function sourceOf({ writes, reads, sizes, numbers = [], code }: GpuProgram): string {
  const buffers = [
    ...writes.map((buffer) => `var<storage, read_write> ${buffer};`),
    ...reads.map((buffer) => `var<storage, read> ${buffer};`),
  ];
  const fields = ['unused', ...sizes].map((name) => `${name}: i32`).concat(numbers.map((name) => `${name}: f32`));
  return [
    ...buffers.map((buffer, i) => `@group(0) @binding(${i}) ${buffer}`),
    `struct Given { ${fields.join(', ')} }`,
    `@group(0) @binding(${buffers.length}) var<uniform> given: Given;`,
    code,
  ].join('\n');
}

function pipelineOf(backend: GpuBackend, program: GpuProgram): Pipeline {
  const { device } = backend;
  let own = pipelines.get(device);
  if (!own) {
    checkVersion(backend);
    pipelines.set(device, (own = new Map<string, Pipeline>()));
  }
  let pipeline = own.get(program.name);
  if (!pipeline) {
    const module = device.createShaderModule({ code: sourceOf(program), label: program.name });
    const compute = { module, entryPoint: 'main' };
    own.set(program.name, (pipeline = device.createComputePipeline({ compute, label: program.name, layout: 'auto' })));
  }
  return pipeline;
}

/**
 * Puts a program into the backend's queue.
 *
 * @param tensors those that are written, then those that are read, in the program's order; none may be empty
 * @param given its sizes, then its other numbers, in its order
 * @param groups workgroups in each dimension
 */
export function dispatch(
  backend: GpuBackend,
  program: GpuProgram,
  tensors: readonly TensorInfo[],
  given: readonly number[],
  groups: readonly [number, number, number],
): void {
  for (const { dataId } of tensors) backend.uploadToGPU(dataId);
  const uniforms = given.map<Uniform>((number, i) => ({
    type: i < program.sizes.length ? 'int32' : 'float32',
    data: [number],
  }));
  const [first, ...others] = tensors as [TensorInfo, ...TensorInfo[]];
  backend.recordAndSubmit(
    {
      pipeline: pipelineOf(backend, program),
      dispatch: groups,
      // With one, tfjs passes the strides of the output alone, of which a list has none: that is `unused`.
      pixelsOpType: -1,
      constructor: { name: program.name }, // by which it is named where kernels are timed
    },
    { ...first, shape: [first.shape.reduce((size, length) => size * length, 1)] },
    others,
    uniforms,
  );
}

/** Most workgroups in a dimension that any device allows. */
const MOST = 65_535;

/** So many workgroups in two dimensions; `flatGroup` of {@link FLAT_GROUP} numbers them, and some too many. */
export function spreadGroups(groups: number, depth = 1): [number, number, number] {
  const rows = Math.ceil(groups / MOST);
  return [Math.ceil(groups / rows), rows, depth];
}

/** The number of a workgroup that {@link spreadGroups} made. */
export const FLAT_GROUP = `
fn flatGroup(group: vec3<u32>, groups: vec3<u32>) -> i32 { return i32(group.y * groups.x + group.x); }`;

/** Threads of a workgroup in programs of one thread a number. */
export const THREADS = 256;

/** A program of one thread a number: `each(i)` is called for i from 0 to `given.count - 1`. */
export const forEach = (each: string): string => `${FLAT_GROUP}
${each}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = flatGroup(group, groups) * ${THREADS} + i32(thread);
  if (i < given.count) { each(i); }
}`;

/** The workgroups of {@link forEach}. */
export const forEachGroups = (count: number): [number, number, number] => spreadGroups(Math.ceil(count / THREADS));

export const numbersIn = ({ shape }: TensorInfo): number => shape.reduce((size, length) => size * length, 1);
