import { advance, f64x2, get, i32, locals, repeat, set, type Code, type WasmFunction } from '../../core/simd/assembler';
import { STEP_BYTES } from './tile';

/**
 * Sums of q / x and of q / x^2, x = d - origin - way, over pairs of poles d and squares q. At `given` are origin, way
 * and 1; both sums take two places from `out` on.
 */
function secularSums(): WasmFunction {
  const { counts, poles, squares, given, out, pairs, origin, way, one, part, term, values, slopes } = locals({
    params: 'poles squares given out pairs',
    v128: 'origin way one part term values slopes',
  });
  const body: Code = [
    [origin, way, one].map((local, i) => set(local, f64x2.loadSplat(get(given), 8 * i))),
    [values, slopes].map((sum) => set(sum, f64x2.zero)),
    repeat(pairs, [
      set(part, f64x2.div(get(one), f64x2.sub(f64x2.sub(f64x2.load(get(poles)), get(origin)), get(way)))),
      set(term, f64x2.mul(f64x2.load(get(squares)), get(part))),
      set(values, f64x2.add(get(values), get(term))),
      set(slopes, f64x2.add(get(slopes), f64x2.mul(get(term), get(part)))),
      [poles, squares].map((local) => advance(local, i32.const(16))),
    ]),
    [values, slopes].map((sum, i) => f64x2.store(get(out), get(sum), 16 * i)),
  ];
  return { counts, body };
}

/** p *= (d - origin - way) / (d - own) over pairs of poles d; at `given` are origin, way and own. */
function multiplyByWays(): WasmFunction {
  const { counts, poles, products, given, pairs, origin, way, own, pole } = locals({
    params: 'poles products given pairs',
    v128: 'origin way own pole',
  });
  const body: Code = [
    [origin, way, own].map((local, i) => set(local, f64x2.loadSplat(get(given), 8 * i))),
    repeat(pairs, [
      set(pole, f64x2.load(get(poles))),
      f64x2.store(
        get(products),
        f64x2.mul(
          f64x2.load(get(products)),
          f64x2.div(f64x2.sub(f64x2.sub(get(pole), get(origin)), get(way)), f64x2.sub(get(pole), get(own))),
        ),
      ),
      [poles, products].map((local) => advance(local, i32.const(16))),
    ]),
  ];
  return { counts, body };
}

/**
 * Unit vectors of z / (d - origin - way) of four roots, in a panel [., 4] of zeros; pole d is in row `rows` of it, in
 * bytes. At `given` are four origins, four ways and 1.
 */
function weighPoles(): WasmFunction {
  const { counts, poles, weights, rows, panel, given, count, to, at, left, ...vectors } = locals({
    params: 'poles weights rows panel given count',
    i32: 'to at left',
    v128: 'origins*2 ways*2 sums*2 pole weight own',
  });
  const { origins, ways, sums, pole, weight, own } = vectors;
  const two = [0, 1] as const;
  const each = (visit: Code): Code => [
    [set(at, get(rows)), set(left, get(count))],
    repeat(left, [set(to, i32.add(get(panel), i32.load(get(at)))), visit, advance(at, i32.const(4))]),
  ];
  const body: Code = [
    two.map((half) => [
      set(origins[half]!, f64x2.load(get(given), 16 * half)),
      set(ways[half]!, f64x2.load(get(given), STEP_BYTES + 16 * half)),
      set(sums[half]!, f64x2.zero),
    ]),
    each([
      [set(pole, f64x2.loadSplat(get(poles))), set(weight, f64x2.loadSplat(get(weights)))],
      two.map((half) => [
        set(own, f64x2.div(get(weight), f64x2.sub(f64x2.sub(get(pole), get(origins[half]!)), get(ways[half]!)))),
        set(sums[half]!, f64x2.add(get(sums[half]!), f64x2.mul(get(own), get(own)))),
        f64x2.store(get(to), get(own), 16 * half),
      ]),
      [poles, weights].map((local) => advance(local, i32.const(8))),
    ]),
    two.map((half) =>
      set(sums[half]!, f64x2.div(f64x2.loadSplat(get(given), 2 * STEP_BYTES), f64x2.sqrt(get(sums[half]!)))),
    ),
    each(
      two.map((half) => f64x2.store(get(to), f64x2.mul(f64x2.load(get(to), 16 * half), get(sums[half]!)), 16 * half)),
    ),
  ];
  return { counts, body };
}

/** The quadratic parts of what joins halves of an eigenproblem; addresses in bytes. */
export const secularFunctions = () => ({
  secularSums: secularSums(),
  multiplyByWays: multiplyByWays(),
  weighPoles: weighPoles(),
});
