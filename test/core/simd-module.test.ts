import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { assembleModule, call, f32, f64x2, get, i32, locals, set, type Code } from '../../src/core/simd/assembler';
import { hasSimd, simdModule } from '../../src/core/simd/simd-module';
import { eigenFunctions } from '../../src/linalg/kernels/eigen-functions';
import { reflectFunctions } from '../../src/linalg/kernels/reflect-function';
import { float64Functions } from '../../src/linalg/kernels/float64-functions';
import { makeKernel } from '../../src/linalg/kernels/float64-kernel';
import { simdFunctions } from '../../src/wasm/simd-functions';

const modules = {
  simdFunctions,
  float64Functions: float64Functions(),
  eigenFunctions: eigenFunctions(),
  reflectFunctions: reflectFunctions(),
};
afterEach(() => vi.unstubAllGlobals());

describe('what is wrong in a function throws', () => {
  const { counts, a, b } = locals({ params: 'a b' });
  const wrong: Record<string, Code> = {
    'an opcode that there is not': [0xff],
    'a SIMD opcode that there is not': [f64x2.zero, 0xfd, 0xff, 0x7f],
    'an operand too few': [get(a), 0x6a],
    'a value that is left over': get(a),
    'another type': f32.store(get(a), get(b)),
    'a local that there is not': set(2, i32.const(0)),
    'a call with an argument too few': call('main', get(a)),
  };
  test.each(Object.entries(wrong))('%s', (_, body) => {
    const functions = { main: { counts, body } };
    expect(() => simdModule(functions, new WebAssembly.Memory({ initial: 1 }))).toThrow(WebAssembly.CompileError);
    expect(() => makeKernel(functions)).toThrow(WebAssembly.CompileError);
  });
  test('and so does a memory that cannot be had', () => {
    vi.stubGlobal('WebAssembly', {
      ...Object.fromEntries(
        Object.getOwnPropertyNames(WebAssembly).map((name) => [name, Reflect.get(WebAssembly, name)]),
      ),
      Memory: class {
        constructor() {
          throw new RangeError('no room');
        }
      },
    });
    expect(() => makeKernel(modules.eigenFunctions)).toThrow('no room');
  });
});

describe('there is no kernel only where the probe says so', () => {
  const { Memory, CompileError } = WebAssembly;
  const forbidden = class {
    constructor() {
      throw new CompileError('forbidden');
    }
  };
  const full = class {
    constructor() {
      throw new RangeError('full');
    }
  };
  test('it runs here', () => expect(hasSimd()).toBe(true));
  test.each<[string, object | undefined]>([
    ['no WebAssembly', undefined],
    ['no SIMD', { validate: () => false }],
    ['compiling forbidden', { validate: () => true, Memory, CompileError, Module: forbidden }],
  ])('%s', (_, stub) => {
    vi.stubGlobal('WebAssembly', stub);
    expect(makeKernel(modules.float64Functions)).toBeUndefined();
  });
  test('not where compiling fails otherwise', () => {
    vi.stubGlobal('WebAssembly', { validate: () => true, Memory, CompileError, Module: full });
    expect(() => makeKernel(modules.float64Functions)).toThrow('full');
  });
});

test('the probe is SIMD: one byte of it changed to a scalar opcode does not validate', () => {
  const validate = vi.spyOn(WebAssembly, 'validate');
  hasSimd();
  const probe = (validate.mock.lastCall![0] as Uint8Array<ArrayBuffer>).slice();
  validate.mockRestore();
  expect(WebAssembly.validate(probe)).toBe(true);
  probe[probe.indexOf(0xfd)] = 0xfc;
  expect(WebAssembly.validate(probe)).toBe(false);
});

/** What was measured to be fast: other instructions, or another order of them, are to be measured again. */
const SHA256 = {
  simdFunctions: '10e2810cb786df822d7e591706a227381a682069b101f012b1f9edb77706837a',
  float64Functions: '1ebc2dd8fce25607f49bb6457e6e6fdc896848090956bc533ed4e4df2ce094b4',
  reflectFunctions: '470823ce1ba7dd114f0bff2334a1bd393d6e86969a1c67bf5ad21bff7dd4a39f',
  eigenFunctions: 'e4244ea504dfaa6647a768a29d50758e53d0dc63667549a1b4984cc8690578c6',
};
test.each(Object.keys(SHA256) as (keyof typeof SHA256)[])('%s: the code that was measured, below 4 KiB', (name) => {
  const bytes = assembleModule(modules[name]);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(SHA256[name]);
  expect(bytes.length).toBeLessThan(4096); // Chrome compiles no more at once on the main thread
});
