import { advance, f64x2, get, i32, locals, repeat, set, type Code, type WasmFunction } from '../../core/simd/assembler';

/**
 * Rows of the eigenvector matrix that lie beside each other in a panel [D, 8], and bytes from one of its columns to the
 * next.
 */
export const PANEL_ROWS = 8;
export const PANEL_STEP = PANEL_ROWS * 8;

/**
 * A -= v w^T + w v^T, and p = A x after it, two rows of A at a time; `pairs` is half of the rows and of the columns.
 * Rows are `rowBytes` apart.
 */
function updateAndMultiply(): WasmFunction {
  const { counts, a, v, w, x, p, pairs, rowBytes, ...more } = locals({
    params: 'a v w x p pairs rowBytes',
    i32: 'left inner first second vAt wAt xAt vRow wRow',
    v128: 'v0 w0 v1 w1 sum0 sum1 vs ws xs own',
  });
  const { left, inner, first, second, vAt, wAt, xAt, vRow, wRow } = more;
  const { v0, w0, v1, w1, sum0, sum1, vs, ws, xs, own } = more;
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
  return { counts, body };
}

/**
 * q -= b (q v) v^T of the eight rows q of a panel, for vectors v of falling length, `rowBytes` before each other, and
 * factors b.
 */
function reflect(): WasmFunction {
  const { counts, panel, vectors, factors, length, count, rowBytes, inner, q, v, dots, spread } = locals({
    params: 'panel vectors factors length count rowBytes',
    i32: 'inner q v',
    v128: 'dots*4 spread',
  });
  const each = (visit: Code): Code => [
    [set(q, get(panel)), set(v, get(vectors)), set(inner, get(length))],
    repeat(inner, [
      set(spread, f64x2.loadSplat(get(v))),
      visit,
      [advance(q, i32.const(PANEL_STEP)), advance(v, i32.const(8))],
    ]),
  ];
  const body = repeat(count, [
    dots.map((dot) => set(dot, f64x2.zero)),
    each(dots.map((dot, i) => set(dot, f64x2.add(get(dot), f64x2.mul(get(spread), f64x2.load(get(q), 16 * i)))))),
    set(spread, f64x2.loadSplat(get(factors))),
    dots.map((dot) => set(dot, f64x2.mul(get(dot), get(spread)))),
    each(
      dots.map((dot, i) =>
        f64x2.store(get(q), f64x2.sub(f64x2.load(get(q), 16 * i), f64x2.mul(get(spread), get(dot))), 16 * i),
      ),
    ),
    set(vectors, i32.sub(get(vectors), get(rowBytes))),
    advance(factors, i32.const(-8)),
    advance(length, i32.const(-1)),
  ]);
  return { counts, body };
}

/**
 * Turns neighboring columns of a panel into each other: in each sweep column k + 1 becomes s z_k + c z_(k+1) and column
 * k c z_k - s z_(k+1), downwards. A sweep is where it starts in the panel, in bytes, and how many pairs (c, s) it has.
 */
function rotate(): WasmFunction {
  const { counts, panel, sweeps, pairs, count, at, left, carried, c, s, own } = locals({
    params: 'panel sweeps pairs count',
    i32: 'at left',
    v128: 'carried*4 c s own',
  });
  const body = repeat(count, [
    set(at, i32.add(get(panel), i32.load(get(sweeps)))),
    set(left, i32.load(get(sweeps), 4)),
    advance(sweeps, i32.const(8)),
    carried.map((carry, i) => set(carry, f64x2.load(get(at), 16 * i))),
    repeat(left, [
      [set(c, f64x2.loadSplat(get(pairs))), set(s, f64x2.loadSplat(get(pairs), 8))],
      [advance(pairs, i32.const(16)), advance(at, i32.const(-PANEL_STEP))],
      carried.map((carry, i) => [
        set(own, f64x2.load(get(at), 16 * i)),
        f64x2.store(
          get(at),
          f64x2.add(f64x2.mul(get(s), get(own)), f64x2.mul(get(c), get(carry))),
          PANEL_STEP + 16 * i,
        ),
        set(carry, f64x2.sub(f64x2.mul(get(c), get(own)), f64x2.mul(get(s), get(carry)))),
      ]),
    ]),
    carried.map((carry, i) => f64x2.store(get(at), get(carry), 16 * i)),
  ]);
  return { counts, body };
}

/** The cubic parts of a symmetric eigenproblem, in wasm SIMD; addresses and distances in bytes. */
export const eigenFunctions = () => ({
  updateAndMultiply: updateAndMultiply(),
  reflect: reflect(),
  rotate: rotate(),
});
