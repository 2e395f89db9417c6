import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, FLAT_GROUP, spreadGroups, type GpuBackend, type GpuProgram } from './dispatch';

/** Rows and columns of the result that a workgroup makes. */
const TILE = 64;
/** Numbers of a row and of a column that are multiplied between two barriers. */
const CHUNK = 16;
/** Each makes 8 x 8 of the tile. */
const TILE_THREADS = 64;

/**
 * WGSL of a product of two matrices that are never made: `load` puts a chunk of them into `left` and `right`, four
 * rows, or columns, in a vector: left[place in the chunk * 16 + row / 4].
 *
 * The z of a workgroup is the part of the depth that it sums, whose number of chunks is `given.chunks`: bounds of loops
 * around barriers must be uniform.
 *
 * @param functions what the rest calls; must have `fn store(row, column, value: vec4<f32>, part)`
 * @param before statements of each thread before the loop; they know `firstRow`, `firstColumn`, `thread`, `part`
 * @param load statements that fill `left` and `right` for the chunk `chunk` of the depth
 */
export const tiledProduct = (functions: string, before: string, load: string): string => `
var<workgroup> left: array<vec4<f32>, ${(CHUNK * TILE) / 4}>;
var<workgroup> right: array<vec4<f32>, ${(CHUNK * TILE) / 4}>;
${functions}
@compute @workgroup_size(${TILE_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let thread = i32(index);
  let tile = i32(group.y * groups.x + group.x);
  let firstRow = (tile / given.columnTiles) * ${TILE};
  let firstColumn = (tile % given.columnTiles) * ${TILE};
  let part = i32(group.z);
  let across = thread % 8;
  let down = thread / 8;
  var sums: array<array<vec4<f32>, 2>, 8>;
${before}
  for (var step = 0; step < given.chunks; step++) {
    let chunk = part * given.chunks + step;
${load}
    workgroupBarrier();
    for (var k = 0; k < ${CHUNK}; k++) {
      let b0 = right[k * 16 + across];
      let b1 = right[k * 16 + across + 8];
      for (var half = 0; half < 2; half++) {
        let a = left[k * 16 + down + 8 * half];
        for (var row = 0; row < 4; row++) {
          sums[half * 4 + row][0] += a[row] * b0;
          sums[half * 4 + row][1] += a[row] * b1;
        }
      }
    }
    workgroupBarrier();
  }
  for (var row = 0; row < 8; row++) {
    for (var half = 0; half < 2; half++) {
      let atRow = firstRow + (down + 8 * (row / 4)) * 4 + row % 4;
      store(atRow, firstColumn + (across + 8 * half) * 4, sums[row][half], part);
    }
  }
}`;

/** Stores a row's four columns into `result`, [parts, given.rows, given.columns]. */
export const STORE = `
fn store(row: i32, column: i32, value: vec4<f32>, part: i32) {
  if (row >= given.rows) { return; }
  let at = (part * given.rows + row) * given.columns + column;
  if (column < given.columns) { result[at] = value.x; }
  if (column + 1 < given.columns) { result[at + 1] = value.y; }
  if (column + 2 < given.columns) { result[at + 2] = value.z; }
  if (column + 3 < given.columns) { result[at + 3] = value.w; }
}`;

/** Workgroups that keep a large card busy. */
const ENOUGH = 512;
/** Least chunks of a part: storing and adding parts must cost little beside making them. */
const LEAST_CHUNKS = 16;

/** How a product is divided: its tiles, and the parts of its depth with the chunks of each. */
export function partsOf(rows: number, columns: number, depth: number) {
  const columnTiles = Math.ceil(columns / TILE);
  const tiles = columnTiles * Math.ceil(rows / TILE);
  const allChunks = Math.ceil(depth / CHUNK);
  const most = Math.max(1, Math.min(Math.floor(ENOUGH / tiles), Math.floor(allChunks / LEAST_CHUNKS)));
  const chunks = Math.ceil(allChunks / most);
  return { columnTiles, tiles, chunks, parts: Math.ceil(allChunks / chunks) };
}

/** Numbers that a workgroup adds up, and the threads of each. */
const [SUMMED, LANES] = [32, 8];

/** Threads share a number's parts: results are often few, and parts many. */
const SUM_PARTS: GpuProgram = {
  name: 'SumParts',
  writes: ['result: array<f32>'],
  reads: ['parts: array<f32>'],
  sizes: ['count', 'partCount'],
  code: `${FLAT_GROUP}
var<workgroup> sums: array<f32, ${SUMMED * LANES}>;
@compute @workgroup_size(${SUMMED * LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let thread = i32(index);
  let i = flatGroup(group, groups) * ${SUMMED} + thread % ${SUMMED};
  var sum = 0.0;
  if (i < given.count) {
    for (var part = thread / ${SUMMED}; part < given.partCount; part += ${LANES}) {
      sum += parts[part * given.count + i];
    }
  }
  sums[thread] = sum;
  workgroupBarrier();
  if (thread < ${SUMMED} && i < given.count) {
    for (var lane = 1; lane < ${LANES}; lane++) { sum += sums[lane * ${SUMMED} + thread]; }
    result[i] = sum;
  }
}`,
};

/** Runs `make` into a tensor of `parts` results, then adds these up; straight into the result if there is one. */
export function inParts(
  backend: GpuBackend,
  shape: readonly number[],
  parts: number,
  make: (into: TensorInfo) => void,
): TensorInfo {
  const result = backend.makeTensorInfo([...shape], 'float32');
  if (parts === 1) {
    make(result);
    return result;
  }
  const count = shape.reduce((size, length) => size * length, 1);
  const scratch = backend.makeTensorInfo([parts, count], 'float32');
  make(scratch);
  dispatch(backend, SUM_PARTS, [result, scratch], [count, parts], spreadGroups(Math.ceil(count / SUMMED)));
  backend.disposeData(scratch.dataId);
  return result;
}
