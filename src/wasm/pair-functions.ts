import { advance, f32x4, get, i32, locals, repeat, set, type Code, type WasmFunction } from '../core/simd/assembler';

/** Rows and columns whose squared distances {@link squaresOfTiles} sums in registers. */
export const SQUARE_ROWS = 2;
export const SQUARE_COLUMNS = 4;
/** Numbers of a row that {@link addPull} sums in registers. */
export const PULL_WIDTH = 16;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/**
 * out [2, 4 * tiles] = squared distances of two rows to 4 * tiles others. Rows lie in tiles of four, whose rows take
 * turns of four floats, `quads` of them; x is in the first row of two.
 */
function squaresOfTiles(): WasmFunction {
  const { counts, x, y, out, outRow, tiles, quads, xNow, left, sums, own, difference } = locals({
    params: 'x y out outRow tiles quads',
    i32: 'xNow left',
    v128: 'sums*8 own difference',
  });
  const sum = (row: number, column: number): number => sums[SQUARE_COLUMNS * row + column]!;
  const step: Code = [
    upTo(SQUARE_ROWS).map((row) => [
      set(own, f32x4.load(get(xNow), 16 * row)),
      upTo(SQUARE_COLUMNS).map((column) => [
        set(difference, f32x4.sub(get(own), f32x4.load(get(y), 16 * column))),
        set(sum(row, column), f32x4.add(get(sum(row, column)), f32x4.mul(get(difference), get(difference)))),
      ]),
    ]),
    [xNow, y].map((local) => advance(local, i32.const(16 * SQUARE_COLUMNS))),
  ];
  /** The sums over the lanes of four locals, which it changes. */
  const acrossLanes = ([a, b, c, d]: readonly [number, number, number, number]): Code => [
    [
      [a, b],
      [c, d],
    ].map(([first, second]) =>
      set(first!, f32x4.add(f32x4.pick(first!, second!, [0, 1, 4, 5]), f32x4.pick(first!, second!, [2, 3, 6, 7]))),
    ),
    f32x4.add(f32x4.pick(a, c, [0, 2, 4, 6]), f32x4.pick(a, c, [1, 3, 5, 7])),
  ];
  const body = repeat(tiles, [
    sums.map((local) => set(local, f32x4.zero)),
    [set(xNow, get(x)), set(left, get(quads))],
    repeat(left, step),
    f32x4.store(get(out), acrossLanes([sum(0, 0), sum(0, 1), sum(0, 2), sum(0, 3)])),
    f32x4.store(i32.add(get(out), get(outRow)), acrossLanes([sum(1, 0), sum(1, 1), sum(1, 2), sum(1, 3)])),
    advance(out, i32.const(4 * SQUARE_COLUMNS)),
  ]);
  return { counts, body };
}

/** out [16] += the sum over `count` rows y [16] of h (x - y), x [16]; the rows follow each other, and so do their h. */
function addPull(): WasmFunction {
  const { counts, x, y, h, out, count, own, sums, weight } = locals({
    params: 'x y h out count',
    v128: 'own*4 sums*4 weight',
  });
  const quads = upTo(PULL_WIDTH / 4);
  const body: Code = [
    quads.map((q) => [set(own[q]!, f32x4.load(get(x), 16 * q)), set(sums[q]!, f32x4.load(get(out), 16 * q))]),
    repeat(count, [
      set(weight, f32x4.loadSplat(get(h))),
      quads.map((q) =>
        set(
          sums[q]!,
          f32x4.add(get(sums[q]!), f32x4.mul(get(weight), f32x4.sub(get(own[q]!), f32x4.load(get(y), 16 * q)))),
        ),
      ),
      [advance(h, i32.const(4)), advance(y, i32.const(4 * PULL_WIDTH))],
    ]),
    quads.map((q) => f32x4.store(get(out), get(sums[q]!), 16 * q)),
  ];
  return { counts, body };
}

/** What the distances of pairs and their gradient need. */
export const pairFunctions = { squaresOfTiles: squaresOfTiles(), addPull: addPull() };
