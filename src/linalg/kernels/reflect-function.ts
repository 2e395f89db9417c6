import { advance, f64x2, get, i32, locals, repeat, set, type Code, type WasmFunction } from '../../core/simd/assembler';

/**
 * Rows of the matrix that reflections turn, beside each other in a panel [D, 8], and bytes from one of its columns to
 * the next.
 */
export const PANEL_ROWS = 8;
export const PANEL_STEP = PANEL_ROWS * 8;

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

export const reflectFunctions = () => ({ reflect: reflect() });
