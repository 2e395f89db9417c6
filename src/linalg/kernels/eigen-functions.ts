import { advance, f64x2, get, i32, repeat, set, type Code, type WasmFunction } from '../../core/assembler';

/**
 * Rows of the eigenvector matrix that lie beside each other in a panel [D, 8], and bytes from one of its columns to the
 * next.
 */
export const PANEL_ROWS = 8;
export const PANEL_STEP = PANEL_ROWS * 8;

const quarters = [0, 1, 2, 3] as const;

/**
 * A -= v w^T + w v^T, and p = A x after it, two rows of A at a time; `pairs` is half of the rows and of the columns.
 * Rows are `rowBytes` apart.
 */
function updateAndMultiply(): WasmFunction {
  const [a, v, w, x, p, pairs, rowBytes] = [0, 1, 2, 3, 4, 5, 6] as const;
  const [left, inner, first, second, vAt, wAt, xAt, vRow, wRow] = [7, 8, 9, 10, 11, 12, 13, 14, 15] as const;
  const [v0, w0, v1, w1, sum0, sum1, vs, ws, xs, own] = [16, 17, 18, 19, 20, 21, 22, 23, 24, 25] as const;
  const update = (row: number, vOfRow: number, wOfRow: number, sum: number): Code => [
    set(own, f64x2.sub(f64x2.load(get(row)), f64x2.mul(get(vOfRow), get(ws)))),
    set(own, f64x2.sub(get(own), f64x2.mul(get(wOfRow), get(vs)))),
    f64x2.store(get(row), get(own)),
    set(sum, f64x2.add(get(sum), f64x2.mul(get(own), get(xs)))),
  ];
  const body: Code = [
    [set(vRow, get(v)), set(wRow, get(w)), set(left, get(pairs))],
    repeat(left, [
      [set(v0, f64x2.loadSplat(get(vRow))), set(v1, f64x2.loadSplat(get(vRow), 8))],
      [set(w0, f64x2.loadSplat(get(wRow))), set(w1, f64x2.loadSplat(get(wRow), 8))],
      [set(sum0, f64x2.zero), set(sum1, f64x2.zero)],
      [set(first, get(a)), set(second, i32.add(get(a), get(rowBytes)))],
      [set(vAt, get(v)), set(wAt, get(w)), set(xAt, get(x)), set(inner, get(pairs))],
      repeat(inner, [
        [set(vs, f64x2.load(get(vAt))), set(ws, f64x2.load(get(wAt))), set(xs, f64x2.load(get(xAt)))],
        update(first, v0, w0, sum0),
        update(second, v1, w1, sum1),
        [first, second, vAt, wAt, xAt].map((local) => advance(local, i32.const(16))),
      ]),
      f64x2.store(get(p), f64x2.add(f64x2.firsts(sum0, sum1), f64x2.seconds(sum0, sum1))),
      [vRow, wRow, p].map((local) => advance(local, i32.const(16))),
      advance(a, i32.add(get(rowBytes), get(rowBytes))),
    ]),
  ];
  return { params: 7, i32Locals: 9, v128Locals: 10, body };
}

/**
 * q -= b (q v) v^T of the eight rows q of a panel, for vectors v of falling length, `rowBytes` before each other, and
 * factors b.
 */
function reflect(): WasmFunction {
  const [panel, vectors, factors, length, count, rowBytes] = [0, 1, 2, 3, 4, 5] as const;
  const [inner, q, v] = [6, 7, 8] as const;
  const [dot, spread] = [(i: number) => 9 + i, 13] as const;
  const each = (visit: Code): Code => [
    [set(q, get(panel)), set(v, get(vectors)), set(inner, get(length))],
    repeat(inner, [
      set(spread, f64x2.loadSplat(get(v))),
      visit,
      [advance(q, i32.const(PANEL_STEP)), advance(v, i32.const(8))],
    ]),
  ];
  const body = repeat(count, [
    quarters.map((i) => set(dot(i), f64x2.zero)),
    each(quarters.map((i) => set(dot(i), f64x2.add(get(dot(i)), f64x2.mul(get(spread), f64x2.load(get(q), 16 * i)))))),
    set(spread, f64x2.loadSplat(get(factors))),
    quarters.map((i) => set(dot(i), f64x2.mul(get(dot(i)), get(spread)))),
    each(
      quarters.map((i) =>
        f64x2.store(get(q), f64x2.sub(f64x2.load(get(q), 16 * i), f64x2.mul(get(spread), get(dot(i)))), 16 * i),
      ),
    ),
    set(vectors, i32.sub(get(vectors), get(rowBytes))),
    advance(factors, i32.const(-8)),
    advance(length, i32.const(-1)),
  ]);
  return { params: 6, i32Locals: 3, v128Locals: 5, body };
}

/**
 * Turns neighboring columns of a panel into each other: in each sweep column k + 1 becomes s z_k + c z_(k+1) and column
 * k c z_k - s z_(k+1), downwards. A sweep is where it starts in the panel, in bytes, and how many pairs (c, s) it has.
 */
function rotate(): WasmFunction {
  const [panel, sweeps, pairs, count, at, left] = [0, 1, 2, 3, 4, 5] as const;
  const [carry, c, s, own] = [(i: number) => 6 + i, 10, 11, 12] as const;
  const body = repeat(count, [
    set(at, i32.add(get(panel), i32.load(get(sweeps)))),
    set(left, i32.load(get(sweeps), 4)),
    advance(sweeps, i32.const(8)),
    quarters.map((i) => set(carry(i), f64x2.load(get(at), 16 * i))),
    repeat(left, [
      [set(c, f64x2.loadSplat(get(pairs))), set(s, f64x2.loadSplat(get(pairs), 8))],
      [advance(pairs, i32.const(16)), advance(at, i32.const(-PANEL_STEP))],
      quarters.map((i) => [
        set(own, f64x2.load(get(at), 16 * i)),
        f64x2.store(
          get(at),
          f64x2.add(f64x2.mul(get(s), get(own)), f64x2.mul(get(c), get(carry(i)))),
          PANEL_STEP + 16 * i,
        ),
        set(carry(i), f64x2.sub(f64x2.mul(get(c), get(own)), f64x2.mul(get(s), get(carry(i))))),
      ]),
    ]),
    quarters.map((i) => f64x2.store(get(at), get(carry(i)), 16 * i)),
  ]);
  return { params: 4, i32Locals: 2, v128Locals: 7, body };
}

/** The cubic parts of a symmetric eigenproblem, in wasm SIMD; addresses and distances in bytes. */
export const eigenFunctions = () => ({
  updateAndMultiply: updateAndMultiply(),
  reflect: reflect(),
  rotate: rotate(),
});
