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
import { STEP_BYTES, TILE_BYTES } from './tile';
import { triangleFunctions } from './triangle-functions';

const lanes = [0, 1, 2, 3] as const;

/**
 * out [4, 4] = A^T B (or += or -= it) of two panels A, B [steps, 4], which lie in memory as they are written. All else
 * here is made of this one.
 */
function product(join: 'set' | 'add' | 'sub'): WasmFunction {
  const { counts, a, b, out, steps, low, high, spread, sums } = locals({
    params: 'a b out steps',
    v128: 'low high spread sums*8',
  });
  const sum = (row: number, half: number) => sums[2 * row + half]!;
  const halves = [0, 1] as const;
  const joined = join === 'sub' ? f64x2.sub : f64x2.add;
  const eachSum = (visit: (sum: number, offset: number) => Code): Code =>
    lanes.map((row) => halves.map((half) => visit(sum(row, half), 32 * row + 16 * half)));
  const step: Code = [
    set(low, f64x2.load(get(b))),
    set(high, f64x2.load(get(b), 16)),
    lanes.map((row) => [
      set(spread, f64x2.loadSplat(get(a), 8 * row)),
      set(sum(row, 0), joined(get(sum(row, 0)), f64x2.mul(get(spread), get(low)))),
      set(sum(row, 1), joined(get(sum(row, 1)), f64x2.mul(get(spread), get(high)))),
    ]),
    [a, b].map((local) => advance(local, i32.const(STEP_BYTES))),
  ];
  const body: Code = [
    eachSum((one, offset) => set(one, join === 'set' ? f64x2.zero : f64x2.load(get(out), offset))),
    repeat(steps, step), // V8 moves the loads of an unrolled loop together, and then has too few registers
    eachSum((one, offset) => f64x2.store(get(out), get(one), offset)),
  ];
  return { counts, body };
}

/** Adds X^T X of X in panels to tiles of its upper triangle, which follow each other row by row. */
function addUpperTiles(): WasmFunction {
  const { counts, packed, panelBytes, panels, steps, out, other, left } = locals({
    params: 'packed panelBytes panels steps out',
    i32: 'other left',
  });
  const body = repeat(panels, [
    [set(other, get(packed)), set(left, get(panels))],
    repeat(left, [
      call('addTile', get(packed), get(other), get(out), get(steps)),
      [advance(other, get(panelBytes)), advance(out, i32.const(TILE_BYTES))],
    ]),
    advance(packed, get(panelBytes)),
  ]);
  return { counts, body };
}

/**
 * Writes float32 rows less the float64 row that each belongs to (`owners`: how many bytes behind `references` it
 * starts) into panels of four columns, and adds the same to the sum of its owner.
 */
function packRows(): WasmFunction {
  const { counts, rows, owners, references, sums, packed, count, panels, panelBytes, reference, sum, to, left, x, y } =
    locals({
      params: 'rows owners references sums packed count panels panelBytes',
      i32: 'reference sum to left',
      v128: 'x y',
    });
  const keep = (value: number, offset: number): Code => [
    f64x2.store(get(to), get(value), offset),
    f64x2.store(get(sum), f64x2.add(f64x2.load(get(sum), offset), get(value)), offset),
  ];
  const body = repeat(count, [
    set(reference, i32.add(get(references), i32.load(get(owners)))),
    set(sum, i32.add(get(sums), i32.load(get(owners)))),
    [set(to, get(packed)), set(left, get(panels))],
    repeat(left, [
      set(x, f64x2.load(get(rows))),
      set(y, f64x2.sub(f64x2.fromHigh(x), f64x2.load(get(reference), 16))),
      set(x, f64x2.sub(f64x2.fromLow(get(x)), f64x2.load(get(reference)))),
      [keep(x, 0), keep(y, 16)],
      [advance(rows, i32.const(16)), advance(to, get(panelBytes))],
      [reference, sum].map((local) => advance(local, i32.const(32))),
    ]),
    [advance(packed, i32.const(32)), advance(owners, i32.const(4))],
  ]);
  return { counts, body };
}

/** Writes float64 rows into panels of four columns. */
function packDoubles(): WasmFunction {
  const { counts, rows, packed, count, panels, panelBytes, to, left } = locals({
    params: 'rows packed count panels panelBytes',
    i32: 'to left',
  });
  const body = repeat(count, [
    [set(to, get(packed)), set(left, get(panels))],
    repeat(left, [
      f64x2.store(get(to), f64x2.load(get(rows))),
      f64x2.store(get(to), f64x2.load(get(rows), 16), 16),
      [advance(rows, i32.const(32)), advance(to, get(panelBytes))],
    ]),
    advance(packed, i32.const(32)),
  ]);
  return { counts, body };
}

/**
 * Writes groups of four float32 rows less a float64 row as panels of four rows: four numbers of a column beside each
 * other.
 */
function packColumns(): WasmFunction {
  const { counts, rows, center, to, groups, panels, rowBytes, middle, left, rowAt, halves } = locals({
    params: 'rows center to groups panels rowBytes',
    i32: 'middle left rowAt*4',
    v128: 'halves*8',
  });
  const half = (i: number, which: number) => halves[2 * i + which]!;
  const body = repeat(groups, [
    lanes.map((i) => [set(rowAt[i]!, get(rows)), advance(rows, get(rowBytes))]),
    [set(middle, get(center)), set(left, get(panels))],
    repeat(left, [
      lanes.map((i) => [
        set(half(i, 0), f64x2.load(get(rowAt[i]!))),
        set(half(i, 1), f64x2.sub(f64x2.fromHigh(half(i, 0)), f64x2.load(get(middle), 16))),
        set(half(i, 0), f64x2.sub(f64x2.fromLow(get(half(i, 0))), f64x2.load(get(middle)))),
        advance(rowAt[i]!, i32.const(16)),
      ]),
      [0, 1].map((which) =>
        [0, 2].map((i) => [
          f64x2.store(get(to), f64x2.firsts(half(i, which), half(i + 1, which)), 64 * which + 8 * i),
          f64x2.store(get(to), f64x2.seconds(half(i, which), half(i + 1, which)), 64 * which + 8 * i + 32),
        ]),
      ),
      [advance(middle, i32.const(32)), advance(to, i32.const(TILE_BYTES))],
    ]),
  ]);
  return { counts, body };
}

/** Y = M Z (or Y -= M Z) of groups of four rows in panels; M in panels of four rows, `steps` long. */
export function multiplyPanels(tile: 'setTile' | 'subtractTile'): WasmFunction {
  const { counts, matrix, from, to, groups, panels, steps, fromBytes, toBytes, left, source, target } = locals({
    params: 'matrix from to groups panels steps fromBytes toBytes',
    i32: 'left source target',
  });
  const body = repeat(panels, [
    [set(source, get(from)), set(target, get(to)), set(left, get(groups))],
    repeat(left, [
      call(tile, get(matrix), get(source), get(target), get(steps)),
      [advance(source, get(fromBytes)), advance(target, get(toBytes))],
    ]),
    advance(matrix, i32.mul(get(steps), i32.const(STEP_BYTES))),
    advance(to, i32.const(TILE_BYTES)),
  ]);
  return { counts, body };
}

/** ||y||^2 of groups of four rows in panels. */
function squareNorms(): WasmFunction {
  const { counts, from, to, groups, quads, left, y, sums } = locals({
    params: 'from to groups quads',
    i32: 'left',
    v128: 'y sums*4',
  });
  const body = repeat(groups, [
    sums.map((sum) => set(sum, f64x2.zero)),
    set(left, get(quads)),
    repeat(left, [
      Array.from({ length: 8 }, (_, i): Code => [
        set(y, f64x2.load(get(from), 16 * i)),
        set(sums[i % 4]!, f64x2.add(get(sums[i % 4]!), f64x2.mul(get(y), get(y)))),
      ]),
      advance(from, i32.const(TILE_BYTES)),
    ]),
    f64x2.store(get(to), f64x2.add(get(sums[0]!), get(sums[2]!))),
    f64x2.store(get(to), f64x2.add(get(sums[1]!), get(sums[3]!)), 16),
    advance(to, i32.const(32)),
  ]);
  return { counts, body };
}

/** least = min(least, min over c of h_c - y m_c) of groups of four rows y; h [C], means m [C, D] in panels of four. */
function leastOf(): WasmFunction {
  const { counts, means, halves, rows, least, tile, groups, panels, steps, groupBytes, left, row, best, value } =
    locals({
      params: 'means halves rows least tile groups panels steps groupBytes',
      i32: 'left row best',
      v128: 'value',
    });
  const body = repeat(panels, [
    [set(row, get(rows)), set(best, get(least)), set(left, get(groups))],
    repeat(left, [
      call('setTile', get(means), get(row), get(tile), get(steps)),
      [0, 16].map((half) => [
        set(value, f64x2.load(get(best), half)),
        lanes.map((c) => {
          const own = f64x2.sub(f64x2.loadSplat(get(halves), 8 * c), f64x2.load(get(tile), 32 * c + half));
          return set(value, f64x2.min(get(value), own));
        }),
        f64x2.store(get(best), get(value), half),
      ]),
      [advance(row, get(groupBytes)), advance(best, i32.const(32))],
    ]),
    advance(means, i32.mul(get(steps), i32.const(STEP_BYTES))),
    advance(halves, i32.const(32)),
  ]);
  return { counts, body };
}

/**
 * Float64 linear algebra in wasm SIMD: addresses and distances in bytes, lengths as counts, `quads` as four of a
 * length.
 */
export const float64Functions = () => ({
  setTile: product('set'),
  addTile: product('add'),
  subtractTile: product('sub'),
  addUpperTiles: addUpperTiles(),
  packRows: packRows(),
  packDoubles: packDoubles(),
  packColumns: packColumns(),
  multiplyPanels: multiplyPanels('setTile'),
  squareNorms: squareNorms(),
  leastOf: leastOf(),
  ...triangleFunctions(),
});
