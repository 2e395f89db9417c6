import { advance, comparing, f32x4, get, i32, i32x4, locals, repeat, set, v128, type Code, type WasmFunction } from '../../core/simd/assembler'; // prettier-ignore

type Operation = (a: Code, b: Code) => Code;

/** out [16 * groups] of bytes: 1 where the comparison of a and b holds, else 0. */
function comparison(holds: Operation): WasmFunction {
  const { counts, a, b, out, groups } = locals({ params: 'a b out groups' });
  const four = (at: number): Code => holds(f32x4.load(get(a), 16 * at), f32x4.load(get(b), 16 * at));
  const body = repeat(groups, [
    v128.store(get(out), v128.bits(four(0), four(1), four(2), four(3))),
    [a, b].map((local) => advance(local, i32.const(64))),
    advance(out, i32.const(16)),
  ]);
  return { counts, body };
}

/** out [16 * groups] of what is made of a and b. */
function arithmetic(of: Operation): WasmFunction {
  const { counts, a, b, out, groups } = locals({ params: 'a b out groups' });
  const four = (at: number): Code => of(f32x4.load(get(a), at), f32x4.load(get(b), at));
  const body = repeat(groups, [
    [0, 16, 32, 48].map((at) => f32x4.store(get(out), four(at), at)),
    [a, b, out].map((local) => advance(local, i32.const(64))),
  ]);
  return { counts, body };
}

const comparisons = <Type extends keyof typeof comparing>(type: Type) =>
  Object.fromEntries(Object.entries(comparing[type]).map(([name, holds]) => [`${type}${name}`, comparison(holds)])) as {
    readonly [name in `${Type}${keyof (typeof comparing)['float32']}`]: WasmFunction;
  };

/** The polynomial of (e^r - 1 - r) / r^2, highest power first (Cephes, expf). */
const POWERS = [1.9875691e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];
/** log 2 in two parts: whole numbers times the first are exact. */
const [LOG_2, LOG_2_REST] = [0.693359375, -2.1219444005469057e-4];
/** Beside it a float32 has no digits below 1: what is added to it is rounded to a whole number, in its lowest bits. */
const ROUNDER = 1.5 * 2 ** 23;

/**
 * out [4 * quads] = e^x: 2^k e^r with whole k and |r| up to log(2) / 2, within 1.2e-7 of it. 2^k by two factors, since
 * neither the largest nor numbers below 2^-126 have it in their bits. NaN stays.
 */
function exponentials(): WasmFunction {
  const { counts, x, out, quads, own, shifted, whole, power, half } = locals({
    params: 'x out quads',
    v128: 'own shifted whole power half',
  });
  const number = f32x4.const;
  const twoTo = (exponent: Code): Code => i32x4.shiftLeft(i32x4.add(exponent, i32x4.const(127)), 23);
  const body = repeat(quads, [
    set(own, f32x4.min(f32x4.max(f32x4.load(get(x)), number(-104)), number(89))),
    set(shifted, f32x4.add(f32x4.mul(get(own), number(Math.LOG2E)), number(ROUNDER))),
    set(whole, f32x4.sub(get(shifted), number(ROUNDER))),
    set(own, f32x4.sub(get(own), f32x4.mul(get(whole), number(LOG_2)))),
    set(own, f32x4.sub(get(own), f32x4.mul(get(whole), number(LOG_2_REST)))),
    set(power, number(POWERS[0]!)),
    POWERS.slice(1).map((next) => set(power, f32x4.add(f32x4.mul(get(power), get(own)), number(next)))),
    set(power, f32x4.add(f32x4.mul(f32x4.mul(get(power), get(own)), get(own)), get(own))),
    set(power, f32x4.add(get(power), number(1))),
    set(shifted, i32x4.sub(get(shifted), number(ROUNDER))),
    set(half, i32x4.shiftRight(get(shifted), 1)),
    set(power, f32x4.mul(get(power), twoTo(get(half)))),
    f32x4.store(get(out), f32x4.mul(get(power), twoTo(i32x4.sub(get(shifted), get(half))))),
    [x, out].map((local) => advance(local, i32.const(16))),
  ]);
  return { counts, body };
}

/** Sixteen numbers of two rows at once; powers of e by four. */
export const rowFunctions = {
  ...comparisons('float32'),
  ...comparisons('int32'),
  float32Maximum: arithmetic(f32x4.max),
  float32Minimum: arithmetic(f32x4.min),
  exponentials: exponentials(),
};
