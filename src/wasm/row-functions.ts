import { advance, comparing, f32x4, get, i32, locals, repeat, v128, type Code, type WasmFunction } from '../core/simd/assembler'; // prettier-ignore

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

/** Sixteen numbers of two rows at once. */
export const rowFunctions = {
  ...comparisons('float32'),
  ...comparisons('int32'),
  float32Maximum: arithmetic(f32x4.max),
  float32Minimum: arithmetic(f32x4.min),
};
