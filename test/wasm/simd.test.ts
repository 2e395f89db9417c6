import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random';
import { advance, call, f32, get, i32, locals, repeat, set, type Code } from '../../src/core/simd/assembler';
import { simdModule } from '../../src/core/simd/simd-module';
import { filterGradientByConvolution, filterGradientByLoops } from '../../src/wasm/conv2d-backprop-filter';
import { filterGradientBySimd } from '../../src/wasm/filter-gradient-by-simd';
import type { WasmKernel } from '../../src/wasm/heap';
import { simdOf, simdOver, type Simd } from '../../src/wasm/simd';
import { expectClose } from '../expect-close';

const numbers = (count: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};

/** The functions over a memory of their own, which starts with `count` random numbers. */
function simdWith(count: number): { simd: Simd; floats: Float32Array } {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const floats = new Float32Array(memory.buffer);
  floats.set(numbers(count, 1));
  return { simd: simdOver(memory), floats };
}

describe('assembler', () => {
  /** Runs one function over a memory of float32 that starts with 7, 1, 2, 3. */
  const run = (body: Code, ...args: number[]): Float32Array => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const floats = new Float32Array(memory.buffer);
    floats.set([7, 1, 2, 3]);
    const { counts } = locals({ params: args.map((_, i) => `p${i}`).join(' '), i32: 'own' });
    simdModule({ main: { counts, body } }, memory).main(...args);
    return floats;
  };
  test.each([0, 4, 60, 64, 124, 128, 252, 8188, 8192, 16_384, 40_000])('constant and offset %s', (value) => {
    const copied = run(f32.store(i32.const(value), f32.load(i32.const(0)), 16));
    expect(copied[value / 4 + 4]).toBe(7);
    expect(run(f32.store(i32.const(16), f32.load(i32.const(0)), value), 0)[value / 4 + 4]).toBe(7);
  });
  test.each([-1, -64, -65, -128, -129, -8192, -8193, -40_000])('constant %s', (value) => {
    expect(run(f32.store(i32.add(get(0), i32.const(value)), f32.load(i32.const(0))), 80 - value)[20]).toBe(7);
  });
  test.each([0, 1, 5])('repeats %s times', (times) => {
    const body = [set(2, get(0)), repeat(1, [f32.store(get(2), f32.load(i32.const(0))), advance(2, i32.const(4))])];
    const floats = run(body, 16, times);
    expect(Array.from(floats.subarray(4, 11))).toEqual(Array.from({ length: 7 }, (_, i) => (i < times ? 7 : 0)));
  });
  test('locals follow each other by their type, some in a row', () => {
    const { counts, a, b, c, rows, sum } = locals({ params: 'a b', i32: 'c', v128: 'rows*3 sum' });
    expect([a, b, c, rows, sum]).toEqual([0, 1, 2, [3, 4, 5], 6]);
    expect(counts).toEqual({ params: 2, i32: 1, v128: 4 });
    expect(() => locals({ params: 'a b', i32: 'a' })).toThrow('two locals a');
    expect(() => locals({ params: 'counts' })).toThrow('two locals counts');
  });
  test('calls are by name', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { counts, at } = locals({ params: 'at' });
    const store = (value: number) => ({ counts, body: f32.store(get(at), f32.load(i32.const(value))) });
    new Float32Array(memory.buffer).set([5, 6]);
    simdModule({ caller: { counts, body: call('six', get(at)) }, five: store(0), six: store(4) }, memory).caller(16);
    expect(new Float32Array(memory.buffer)[4]).toBe(6);
    expect(() => simdModule({ caller: { counts, body: call('seven', get(at)) } }, memory)).toThrow('no function seven');
  });
});

describe('functions', () => {
  test('productOfColumns adds A^T B, with gaps between rows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 5 }),
        (k, tiles, gap) => {
          const [rows, a, b, c] = [4 * tiles, 0, 1000, 2000];
          const [aRow, bRow, cRow] = [rows + gap, 8 + gap, 8 + gap];
          const { simd, floats } = simdWith(3000);
          const expected = floats.slice();
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < 8; j++) {
              for (let l = 0; l < k; l++)
                expected[c + i * cRow + j]! += expected[a + l * aRow + i]! * expected[b + l * bRow + j]!;
            }
          }
          simd.productOfColumns(4 * a, 4 * b, 4 * c, k, 4 * aRow, 4 * bRow, 4 * cRow, tiles);
          expectClose(floats, expected, { relative: 1e-5, absolute: 1e-5 }); // and nothing else changed
        },
      ),
      { numRuns: 30 },
    );
  });
  test.each([1, 4, 7, 16])('copyRows of %s floats', (width) => {
    const { simd, floats } = simdWith(1000);
    const expected = floats.slice();
    for (let row = 0; row < 3; row++) expected.copyWithin(600 + row * 30, row * 20, row * 20 + width);
    simd.copyRows(0, 2400, 3, width >> 2, width & 3, 80, 120);
    expect(floats).toEqual(expected);
  });
  test('addRows', () => {
    const { simd, floats } = simdWith(1000);
    const expected = floats.slice();
    for (let row = 0; row < 5; row++) for (let i = 0; i < 8; i++) expected[500 + i]! += expected[row * 10 + i]!;
    simd.addRows(0, 2000, 5, 2, 40);
    expectClose(floats, expected, { absolute: 1e-5 });
  });
});

describe('where SIMD cannot run', () => {
  let backend: BackendWasm;
  /** The same backend, but its memory is out of reach. */
  let plain: BackendWasm;
  beforeAll(async () => {
    await tf.setBackend('wasm');
    backend = tf.backend() as BackendWasm;
    const wasm = Object.create(backend.wasm, { asm: { value: undefined } }) as BackendWasm['wasm'];
    plain = Object.create(backend, { wasm: { value: wasm } }) as BackendWasm;
  });
  const call = (name: string, on: BackendWasm, inputs: tf.NamedTensorInfoMap, attrs: object): Float32Array => {
    const kernel = tf.getKernel(name, 'wasm').kernelFunc as unknown as WasmKernel;
    const out = kernel({ inputs, backend: on, attrs: attrs as tf.NamedAttrMap });
    const values = on.readSync(out.dataId) as Float32Array;
    on.disposeData(out.dataId);
    return values;
  };

  test('it can here', () => {
    expect(simdOf(backend)).toBeDefined();
    expect(simdOf(plain)).toBeUndefined();
  });
  test('not over a shared memory: several threads are faster', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    expect(simdOf({ wasm: { asm: { memory } } } as unknown as BackendWasm)).toBeUndefined();
  });

  test.each([
    [1, 1, 'same'],
    [1, 1, 'valid'],
    [2, 1, 'same'],
    [3, 1, 'valid'],
    [1, 2, 'same'],
    [1, 2, 'valid'],
  ] as [number, number, 'same' | 'valid'][])(
    'filter gradients agree: stride %s, dilation %s, %s',
    (stride, dilation, pad) => {
      const info = tf.backend_util.computeConv2DInfo([3, 9, 8, 5], [3, 2, 5, 10], stride, dilation, pad);
      const data = backend.numDataIds();
      const x = tf.tensor(numbers(3 * 9 * 8 * 5, 1), [3, 9, 8, 5]);
      const dy = tf.tensor(numbers(tf.util.sizeFromShape(info.outShape), 2), info.outShape);
      const [input, upstream] = [
        { ...x, shape: x.shape },
        { ...dy, shape: dy.shape },
      ];
      const read = (gradient: tf.TensorInfo) => {
        const values = backend.readSync(gradient.dataId) as Float32Array;
        backend.disposeData(gradient.dataId);
        return values;
      };
      // Makes sure that both are on this backend.
      tf.dispose([tf.add(x, 0), tf.add(dy, 0)]);
      const expected = read(filterGradientByLoops(backend, input, upstream, info));
      expectClose(read(filterGradientBySimd(simdOf(backend)!, backend, input, upstream, info)), expected, {
        relative: 1e-4,
        absolute: 1e-4,
      });
      if (stride === 1 && dilation === 1) {
        expectClose(read(filterGradientByConvolution(backend, input, upstream, info)), expected, {
          relative: 1e-4,
          absolute: 1e-4,
        });
      }
      tf.dispose([x, dy]);
      expect(backend.numDataIds()).toBe(data);
    },
  );

  test('every kernel gives the same without it', () => {
    const x = tf.tensor4d(numbers(2 * 6 * 7 * 8, 3), [2, 6, 7, 8]);
    const w = tf.tensor4d(numbers(3 * 3 * 8 * 4, 4), [3, 3, 8, 4]);
    const dyConv = tf.tensor4d(numbers(2 * 3 * 4 * 4, 5), [2, 3, 4, 4]);
    const dyPool = tf.tensor4d(numbers(2 * 3 * 4 * 8, 6), [2, 3, 4, 8]);
    tf.dispose([x, w, dyConv, dyPool].map((t) => tf.add(t, 0)));
    const conv = { strides: 2, pad: 'same', dataFormat: 'NHWC', dimRoundingMode: undefined };
    const calls: [string, tf.NamedTensorInfoMap, object][] = [
      [tf.Conv2DBackpropFilter, { x, dy: dyConv }, { ...conv, filterShape: w.shape }],
      [tf.Conv2DBackpropInput, { dy: dyConv, filter: w }, { ...conv, inputShape: x.shape }],
      [tf.MaxPoolGrad, { dy: dyPool, input: x, output: dyPool }, { filterSize: 3, strides: 2, pad: 'same' }],
      [tf.Sum, { x }, { axis: [0, 1, 2], keepDims: false }],
    ];
    const data = backend.numDataIds();
    for (const [name, inputs, attrs] of calls) {
      const options = { relative: 1e-4, absolute: 1e-4 };
      expectClose(call(name, backend, inputs, attrs), call(name, plain, inputs, attrs), options);
    }
    expect(backend.numDataIds()).toBe(data);
    tf.dispose([x, w, dyConv, dyPool]);
  });
});
