import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, FLAT_GROUP, spreadGroups, type GpuKernel, type GpuProgram } from './dispatch';

const THREADS = 256;
/** Bits of -Infinity. */
const LOWEST = '0xff800000u';

/**
 * A workgroup a row finds the k-th largest number by its bits, eight at a time from the top (radix selection), then
 * writes what is larger, and as many equal ones as are wanted. Numbers are handled as bits throughout: a float that
 * holds a place would be a denormal, which cards may take for 0.
 */
const PROGRAM: GpuProgram = {
  name: 'NearestColumns',
  writes: ['result: array<u32>'],
  reads: ['products: array<u32>', 'before: array<u32>'],
  sizes: ['rows', 'columns', 'k', 'first', 'kept'],
  code: `${FLAT_GROUP}
var<workgroup> counts: array<atomic<u32>, 256>;
var<workgroup> prefix: u32;
var<workgroup> wanted: u32;
var<workgroup> taken: atomic<u32>;
var<workgroup> equals: atomic<u32>;
// In the order of the numbers; 0 for NaN, which is never taken
fn keyOf(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
fn bitsAt(row: i32, i: i32) -> u32 {
  if (i < given.columns) { return products[row * given.columns + i]; }
  return before[row * 2 * given.k + i - given.columns];
}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let row = flatGroup(group, groups);
  if (row >= given.rows) { return; }
  let thread = i32(index);
  let count = given.columns + given.kept;
  let own = row * 2 * given.k;
  if (thread == 0) { prefix = 0u; wanted = u32(given.k); }
  var mask = 0u;
  for (var shift = 24; shift >= 0; shift -= 8) {
    atomicStore(&counts[index], 0u);
    workgroupBarrier();
    for (var i = thread; i < count; i += ${THREADS}) {
      let key = keyOf(bitsAt(row, i));
      if ((key & mask) == prefix) { atomicAdd(&counts[(key >> u32(shift)) & 255u], 1u); }
    }
    workgroupBarrier();
    if (thread == 0) {
      var left = wanted;
      var bin = 255;
      for (; bin > 0; bin--) {
        let here = atomicLoad(&counts[bin]);
        if (here >= left) { break; }
        left -= here;
      }
      wanted = left;
      prefix |= u32(bin) << u32(shift);
    }
    mask |= 255u << u32(shift);
    workgroupBarrier();
  }
  for (var i = thread; i < given.k; i += ${THREADS}) {
    result[own + i] = ${LOWEST};
    result[own + given.k + i] = 0u;
  }
  storageBarrier();
  workgroupBarrier();
  for (var i = thread; i < count; i += ${THREADS}) {
    let bits = bitsAt(row, i);
    let key = keyOf(bits);
    if (key == 0u || key < prefix || (key == prefix && atomicAdd(&equals, 1u) >= wanted)) { continue; }
    let at = own + i32(atomicAdd(&taken, 1u));
    var place = u32(given.first + i);
    if (i >= given.columns) { place = before[own + given.k + i - given.columns]; }
    result[at] = bits;
    result[at + given.k] = place;
  }
}`,
};

/**
 * The k largest numbers of each row of `products` [N, M], and of those that an earlier call kept (`before`): [N, 2k] as
 * int32, the bits of k numbers in no order, then their places, counted from `first`; -Infinity where there are fewer.
 */
export const nearestColumns: GpuKernel = ({ inputs, backend, attrs }) => {
  const { products } = inputs as { products: TensorInfo };
  const before = inputs.before;
  const { k, first } = attrs as { k: number; first: number };
  const [rows, columns] = products.shape as [number, number];
  const result = backend.makeTensorInfo([rows, 2 * k], 'int32');
  const sizes = [rows, columns, k, first, before ? k : 0];
  dispatch(backend, PROGRAM, [result, products, before ?? products], sizes, spreadGroups(rows));
  return result;
};
