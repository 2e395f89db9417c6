import {
  advance,
  f32,
  f32x4,
  get,
  i32,
  locals,
  repeat,
  set,
  type Code,
  type WasmFunction,
} from '../core/simd/assembler';

/** Rows and columns of the tile that {@link productOfColumns} holds in registers. */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 8;

const TILE_ROW = Array.from({ length: TILE_ROWS }, (_, i) => i);

/**
 * C += A^T B for A [k, 4 * tiles], B [k, 8], C [4 * tiles, 8]: addresses, then the distances between rows in bytes.
 * Numbers of A are spread over four lanes and meet eight of B; nothing is packed or transposed.
 */
function productOfColumns(): WasmFunction {
  const { counts, a, b, c, k, aRow, bRow, cRow, tiles, aNow, bNow, cNow, left, sums, low, high, spread } = locals({
    params: 'a b c k aRow bRow cRow tiles',
    i32: 'aNow bNow cNow left',
    v128: 'sums*8 low high spread',
  });
  const sum = (row: number, half: number) => sums[2 * row + half]!;
  const eachRowOfC = (visit: (row: number) => Code): Code => [
    set(cNow, get(c)),
    TILE_ROW.map((row) => [visit(row), advance(cNow, get(cRow))]),
  ];
  const step: Code = [
    set(low, f32x4.load(get(bNow))),
    set(high, f32x4.load(get(bNow), 16)),
    TILE_ROW.map((row) => [
      set(spread, f32x4.loadSplat(get(aNow), 4 * row)),
      set(sum(row, 0), f32x4.add(get(sum(row, 0)), f32x4.mul(get(spread), get(low)))),
      set(sum(row, 1), f32x4.add(get(sum(row, 1)), f32x4.mul(get(spread), get(high)))),
    ]),
    advance(aNow, get(aRow)),
    advance(bNow, get(bRow)),
  ];
  const body = repeat(tiles, [
    eachRowOfC((row) => [set(sum(row, 0), f32x4.load(get(cNow))), set(sum(row, 1), f32x4.load(get(cNow), 16))]),
    [set(aNow, get(a)), set(bNow, get(b)), set(left, get(k))],
    repeat(left, step),
    eachRowOfC((row) => [f32x4.store(get(cNow), get(sum(row, 0))), f32x4.store(get(cNow), get(sum(row, 1)), 16)]),
    set(c, get(cNow)),
    advance(a, i32.const(4 * TILE_ROWS)),
  ]);
  return { counts, body };
}

/** Copies `rows` rows of 4 * quads + singles floats; distances between rows in bytes. */
function copyRows(): WasmFunction {
  const { counts, from, to, rows, quads, singles, fromRow, toRow, source, target, left } = locals({
    params: 'from to rows quads singles fromRow toRow',
    i32: 'source target left',
  });
  const move = (count: number, copy: Code, bytes: number): Code => [
    set(left, get(count)),
    repeat(left, [copy, advance(source, i32.const(bytes)), advance(target, i32.const(bytes))]),
  ];
  const body = repeat(rows, [
    [set(source, get(from)), set(target, get(to))],
    move(quads, f32x4.store(get(target), f32x4.load(get(source))), 16),
    move(singles, f32.store(get(target), f32.load(get(source))), 4),
    [advance(from, get(fromRow)), advance(to, get(toRow))],
  ]);
  return { counts, body };
}

/** out [4 * quads] += the sum of `rows` rows of as many floats. */
function addRows(): WasmFunction {
  const { counts, from, out, rows, quads, rowBytes, source, left, sum } = locals({
    params: 'from out rows quads rowBytes',
    i32: 'source left',
    v128: 'sum',
  });
  const body = repeat(quads, [
    [set(source, get(from)), set(left, get(rows)), set(sum, f32x4.zero)],
    repeat(left, [set(sum, f32x4.add(get(sum), f32x4.load(get(source)))), advance(source, get(rowBytes))]),
    f32x4.store(get(out), f32x4.add(f32x4.load(get(out)), get(sum))),
    [advance(from, i32.const(16)), advance(out, i32.const(16))],
  ]);
  return { counts, body };
}

/**
 * Max pooling's gradient for `outputs` neighbors in a row, each with a window of windowRows * windowColumns places of
 * 4 * quads channels: adds the gradient to the first place that holds the maximum.
 */
function addToMaxima(): WasmFunction {
  const { counts, values, sums, upstream, outputs, step, windowRows, windowColumns, ...more } = locals({
    params: 'values sums upstream outputs step windowRows windowColumns rowBytes columnBytes quads',
    i32: 'valueOfQuad sumOfQuad quad row column valueOfRow sumOfRow value sum',
    v128: 'largest gradient taken won',
  });
  const { rowBytes, columnBytes, quads, valueOfQuad, sumOfQuad, quad, row, column } = more;
  const { valueOfRow, sumOfRow, value, sum, largest, gradient, taken, won } = more;
  const eachPlace = (visit: Code): Code => [
    [set(valueOfRow, get(valueOfQuad)), set(sumOfRow, get(sumOfQuad)), set(row, get(windowRows))],
    repeat(row, [
      [set(value, get(valueOfRow)), set(sum, get(sumOfRow)), set(column, get(windowColumns))],
      repeat(column, [visit, advance(value, get(columnBytes)), advance(sum, get(columnBytes))]),
      [advance(valueOfRow, get(rowBytes)), advance(sumOfRow, get(rowBytes))],
    ]),
  ];
  const body = repeat(outputs, [
    [set(valueOfQuad, get(values)), set(sumOfQuad, get(sums)), set(quad, get(quads))],
    repeat(quad, [
      set(largest, f32x4.load(get(valueOfQuad))),
      eachPlace(set(largest, f32x4.max(get(largest), f32x4.load(get(value))))),
      [set(gradient, f32x4.load(get(upstream))), set(taken, f32x4.zero)],
      eachPlace([
        set(won, f32x4.andNot(f32x4.equal(f32x4.load(get(value)), get(largest)), get(taken))),
        set(taken, f32x4.or(get(taken), get(won))),
        f32x4.store(get(sum), f32x4.add(f32x4.load(get(sum)), f32x4.and(get(gradient), get(won)))),
      ]),
      [upstream, valueOfQuad, sumOfQuad].map((local) => advance(local, i32.const(16))),
    ]),
    [values, sums].map((local) => advance(local, get(step))),
  ]);
  return { counts, body };
}

/** What this package adds to the backend's machine code. */
export const simdFunctions = {
  productOfColumns: productOfColumns(),
  copyRows: copyRows(),
  addRows: addRows(),
  addToMaxima: addToMaxima(),
};
