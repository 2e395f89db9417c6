import {
  advance,
  call,
  f64x2,
  get,
  i32,
  locals,
  repeat,
  set,
  type Code,
  type WasmFunction,
} from '../../core/simd/assembler';
import { float64Functions, multiplyPanels } from './float64-functions';
import { secularFunctions } from './secular-functions';
import { STEP_BYTES, TILE_BYTES } from './tile';

const [VECTOR, ROWS_AT_ONCE] = [16, 4];

/**
 * p = A x of a symmetric A of which the lower triangle is there, in panels of four rows as `triangleLength` has them;
 * the last tile of each is whole. Each number is read once, for its row and for its column.
 */
function triangleTimes(): WasmFunction {
  const { counts, triangle, x, p, panels, q, before, left, xAt, pAt, ...vectors } = locals({
    params: 'triangle x p panels',
    i32: 'q before left xAt pAt',
    v128: 'a*4 own*2 sums*4 spread first second',
  });
  const { a, own, sums, spread, first, second } = vectors;
  const load = a.map((one, i) => set(one, f64x2.load(get(triangle), VECTOR * i)));
  /** Two columns of four rows times their x. */
  const toRows = [0, 1].map((column) => [
    set(spread, f64x2.loadSplat(get(xAt), 8 * column)),
    [0, 1].map((half) => {
      const at = 2 * column + half;
      return set(sums[at]!, f64x2.add(get(sums[at]!), f64x2.mul(get(spread), get(a[at]!))));
    }),
  ]);
  const toColumn = (column: number): Code =>
    f64x2.add(f64x2.mul(get(a[2 * column]!), get(own[0]!)), f64x2.mul(get(a[2 * column + 1]!), get(own[1]!)));
  const next = [advance(triangle, i32.const(2 * STEP_BYTES)), advance(xAt, i32.const(VECTOR))];
  const body = repeat(panels, [
    own.map((one, half) => set(one, f64x2.load(i32.add(get(x), get(q)), VECTOR * half))),
    sums.map((sum) => set(sum, f64x2.zero)),
    [set(xAt, get(x)), set(pAt, get(p)), set(left, get(before))],
    repeat(left, [
      [load, toRows],
      [set(first, toColumn(0)), set(second, toColumn(1))],
      set(first, f64x2.add(f64x2.firsts(first, second), f64x2.seconds(first, second))),
      f64x2.store(get(pAt), f64x2.add(f64x2.load(get(pAt)), get(first))),
      [next, advance(pAt, i32.const(VECTOR))],
    ]),
    [load, toRows, next],
    [load, toRows, next],
    [0, 1].map((half) => f64x2.store(get(pAt), f64x2.add(get(sums[half]!), get(sums[2 + half]!)), VECTOR * half)),
    [advance(q, i32.const(STEP_BYTES)), advance(before, i32.const(2))],
  ]);
  return { counts, body };
}

/** Rows times x, four at a time, `pairs` is half of their length. */
function rowsTimes(): WasmFunction {
  const { counts, rows, x, out, groups, pairs, rowBytes, left, xAt, at, own, sums } = locals({
    params: 'rows x out groups pairs rowBytes',
    i32: 'left xAt at*4',
    v128: 'own sums*4',
  });
  const body = repeat(groups, [
    at.map((one) => [set(one, get(rows)), advance(rows, get(rowBytes))]),
    sums.map((sum) => set(sum, f64x2.zero)),
    [set(xAt, get(x)), set(left, get(pairs))],
    repeat(left, [
      set(own, f64x2.load(get(xAt))),
      sums.map((sum, i) => set(sum, f64x2.add(get(sum), f64x2.mul(get(own), f64x2.load(get(at[i]!)))))),
      [xAt, ...at].map((local) => advance(local, i32.const(VECTOR))),
    ]),
    [0, 2].map((i) =>
      f64x2.store(
        get(out),
        f64x2.add(f64x2.firsts(sums[i]!, sums[i + 1]!), f64x2.seconds(sums[i]!, sums[i + 1]!)),
        8 * i,
      ),
    ),
    advance(out, i32.const(8 * ROWS_AT_ONCE)),
  ]);
  return { counts, body };
}

/** x -= the sum of rows times their factors, four at a time. */
export function subtractRows(): WasmFunction {
  const { counts, rows, factors, x, groups, pairs, rowBytes, left, xAt, at, own, spread } = locals({
    params: 'rows factors x groups pairs rowBytes',
    i32: 'left xAt at*4',
    v128: 'own spread*4',
  });
  const body = repeat(groups, [
    at.map((one) => [set(one, get(rows)), advance(rows, get(rowBytes))]),
    spread.map((one, i) => set(one, f64x2.loadSplat(get(factors), 8 * i))),
    [set(xAt, get(x)), set(left, get(pairs))],
    repeat(left, [
      set(own, f64x2.load(get(xAt))),
      spread.map((one, i) => set(own, f64x2.sub(get(own), f64x2.mul(get(one), f64x2.load(get(at[i]!)))))),
      f64x2.store(get(xAt), get(own)),
      [xAt, ...at].map((local) => advance(local, i32.const(VECTOR))),
    ]),
    advance(factors, i32.const(8 * ROWS_AT_ONCE)),
  ]);
  return { counts, body };
}

/** A -= V W^T in `count` panels of a lower triangle, the first of `before` tiles; V and W are in panels [steps, 4]. */
function subtractFromTriangle(): WasmFunction {
  const { counts, triangle, columns, rows, before, count, steps, panelBytes, column, left } = locals({
    params: 'triangle columns rows before count steps',
    i32: 'panelBytes column left',
  });
  const body: Code = [
    set(panelBytes, i32.mul(get(steps), i32.const(STEP_BYTES))),
    repeat(count, [
      [set(column, get(columns)), set(left, get(before))],
      repeat(left, [
        call('subtractTile', get(column), get(rows), get(triangle), get(steps)),
        [advance(column, get(panelBytes)), advance(triangle, i32.const(TILE_BYTES))],
      ]),
      [advance(rows, get(panelBytes)), advance(before, i32.const(1))],
    ]),
  ];
  return { counts, body };
}

/** A^T B of panels [steps, 4] of A, which stay in a cache, and of B: for each panel of B a panel [columns of A, 4]. */
function crossPanels(): WasmFunction {
  const { counts, a, b, out, panels, groups, steps, aBytes, bBytes, outBytes, left, source, target } = locals({
    params: 'a b out panels groups steps aBytes bBytes outBytes',
    i32: 'left source target',
  });
  const body = repeat(groups, [
    [set(source, get(a)), set(target, get(out)), set(left, get(panels))],
    repeat(left, [
      call('setTile', get(source), get(b), get(target), get(steps)),
      [advance(source, get(aBytes)), advance(target, i32.const(TILE_BYTES))],
    ]),
    [advance(b, get(bBytes)), advance(out, get(outBytes))],
  ]);
  return { counts, body };
}

/** The cubic parts of a symmetric eigenproblem, in wasm SIMD; addresses and distances in bytes. */
export function eigenFunctions() {
  const { setTile, subtractTile, packDoubles } = float64Functions();
  return {
    ...{ setTile, subtractTile, packDoubles },
    multiplyPanels: multiplyPanels('setTile'),
    subtractPanels: multiplyPanels('subtractTile'),
    triangleTimes: triangleTimes(),
    rowsTimes: rowsTimes(),
    subtractRows: subtractRows(),
    subtractFromTriangle: subtractFromTriangle(),
    crossPanels: crossPanels(),
    ...secularFunctions(),
  };
}
