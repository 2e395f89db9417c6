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

const rows = [0, 1, 2, 3] as const;

/**
 * tile = L^-1 tile of a lower triangle L [4, 4], whose columns are rows in memory (as a panel has them) and whose
 * diagonal holds reciprocals.
 */
function solveTile(): WasmFunction {
  const { counts, diagonal, tile, x, spread } = locals({ params: 'diagonal tile', v128: 'x*8 spread' });
  const value = (row: number, half: number) => x[2 * row + half]!;
  const entry = (row: number, column: number): Code =>
    set(spread, f64x2.loadSplat(get(diagonal), STEP_BYTES * column + 8 * row));
  const halves = [0, 1] as const;
  const body = rows.map((row): Code => {
    const each = (visit: (own: number, half: number) => Code): Code =>
      halves.map((half) => visit(value(row, half), half));
    return [
      each((own, half) => set(own, f64x2.load(get(tile), STEP_BYTES * row + 16 * half))),
      rows
        .slice(0, row)
        .map((before) => [
          entry(row, before),
          each((own, half) => set(own, f64x2.sub(get(own), f64x2.mul(get(spread), get(value(before, half)))))),
        ]),
      entry(row, row),
      each((own) => set(own, f64x2.mul(get(own), get(spread)))),
      each((own, half) => f64x2.store(get(tile), get(own), STEP_BYTES * row + 16 * half)),
    ];
  });
  return { counts, body };
}

/**
 * Four more columns of L in the panels below the one whose triangle they end in: out -= `panel` times each, `steps`
 * long, and solved by the `diagonal`; out is `gap` bytes behind the start of each. A panel is a tile longer than the
 * one before it, `otherBytes` for the first.
 */
function solveColumn(): WasmFunction {
  const { counts, panel, diagonal, other, otherBytes, gap, count, steps, out } = locals({
    params: 'panel diagonal other otherBytes gap count steps',
    i32: 'out',
  });
  const body = repeat(count, [
    set(out, i32.add(get(other), get(gap))),
    call('subtractTile', get(panel), get(other), get(out), get(steps)),
    call('solveTile', get(diagonal), get(out)),
    [advance(other, get(otherBytes)), advance(otherBytes, i32.const(TILE_BYTES))],
  ]);
  return { counts, body };
}

/** A -= L L^T in `count` panels of a lower triangle, `steps` columns of L, which are `gap` bytes before those of A. */
function subtractPanels(): WasmFunction {
  const { counts, first, firstBytes, gap, count, steps, now, nowBytes, other, otherBytes, out, inner, left } = locals({
    params: 'first firstBytes gap count steps',
    i32: 'now nowBytes other otherBytes out inner left',
  });
  const body: Code = [
    [set(now, get(first)), set(nowBytes, get(firstBytes)), set(inner, i32.const(1))],
    repeat(count, [
      [set(other, get(first)), set(otherBytes, get(firstBytes))],
      [set(out, i32.add(get(now), get(gap))), set(left, get(inner))],
      repeat(left, [
        call('subtractTile', get(other), get(now), get(out), get(steps)),
        [advance(other, get(otherBytes)), advance(otherBytes, i32.const(TILE_BYTES))],
        advance(out, i32.const(TILE_BYTES)),
      ]),
      [advance(now, get(nowBytes)), advance(nowBytes, i32.const(TILE_BYTES)), advance(inner, i32.const(1))],
    ]),
  ];
  return { counts, body };
}

/** Z = L^-1 Z of groups of four rows in panels; L lower triangular in panels, each as long as it is not 0. */
function solveTriangle(): WasmFunction {
  const { counts, matrix, rows, groups, panels, groupBytes, steps, left, source, target, diagonal, shift } = locals({
    params: 'matrix rows groups panels groupBytes',
    i32: 'steps left source target diagonal shift',
  });
  const body = repeat(panels, [
    [set(source, get(rows)), set(left, get(groups))],
    set(shift, i32.mul(get(steps), i32.const(STEP_BYTES))),
    set(diagonal, i32.add(get(matrix), get(shift))),
    repeat(left, [
      set(target, i32.add(get(source), get(shift))),
      call('subtractTile', get(matrix), get(source), get(target), get(steps)),
      call('solveTile', get(diagonal), get(target)),
      advance(source, get(groupBytes)),
    ]),
    advance(steps, i32.const(TILE_BYTES / STEP_BYTES)),
    set(matrix, i32.add(get(diagonal), i32.const(TILE_BYTES))),
  ]);
  return { counts, body };
}

/** What a Cholesky factor takes, and solving by it; made of `subtractTile`. */
export const triangleFunctions = () => ({
  solveTile: solveTile(),
  solveColumn: solveColumn(),
  subtractPanels: subtractPanels(),
  solveTriangle: solveTriangle(),
});
