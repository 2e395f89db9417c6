import { describe, expect, test } from 'vitest';
import { ANYTHING, COUNT, oneOf, TEXT } from '../../src/core/check';
import { FormatError } from '../../src/core/errors';
import { readSaved } from '../../src/core/saved/read-saved';

interface Options {
  k: number;
  use: 'mean' | 'kth';
  about: unknown;
  name: string | undefined;
  seed: number;
}

const read = (given: unknown) =>
  readSaved<Options>(
    'knn.restore',
    given,
    { k: [COUNT], use: [oneOf('mean', 'kth')], about: [ANYTHING], name: [TEXT, undefined], seed: [COUNT, 7] },
    'state.options',
  );
const cycle: { self?: unknown } = {};
cycle.self = cycle;
const whole = { k: 3, use: 'mean', about: [1], name: 'a', seed: 2 };

describe('readSaved', () => {
  test('gives what is there, and defaults of what is not', () => {
    expect(read(whole)).toEqual(whole);
    expect(read({ k: 3, use: 'kth', about: null })).toEqual({
      k: 3,
      use: 'kth',
      about: null,
      name: undefined,
      seed: 7,
    });
    expect(read({ ...whole, stray: undefined })).toEqual(whole);
  });

  test.each([
    [{ ...whole, k: 0 }, 'state.options.k must be a whole number from 1, got 0'],
    [{ ...whole, k: '3' }, 'state.options.k must be a whole number from 1, got "3"'],
    [{ ...whole, k: [3] }, 'state.options.k must be a whole number from 1, got [3]'],
    [{ ...whole, k: null }, 'state.options.k must be a whole number from 1, got null'],
    [{ ...whole, k: undefined }, 'state.options.k must be a whole number from 1, got nothing'],
    [{ ...whole, about: undefined }, 'state.options.about must be anything, got nothing'],
    [{ ...whole, use: { mean: 1 } }, 'state.options.use must be one of mean, kth, got {"mean":1}'],
    [{ ...whole, name: 7 }, 'state.options.name must be a string, got 7'],
    [{ ...whole, seed: null }, 'state.options.seed must be a whole number from 1, got null'],
    [
      { ...whole, stray: 'x'.repeat(1000) },
      `state.options.stray must be left out (there are only k, use, about, name, seed), got "${'x'.repeat(79)}`,
    ],
    [
      JSON.parse(JSON.stringify(whole).replace('{', '{"__proto__":{"k":3},')),
      'state.options.__proto__ must be left out (there are only k, use, about, name, seed), got {"k":3}',
    ],
    [{ ...whole, k: cycle }, 'state.options.k must be a whole number from 1, got object'],
    [{ kk: 3 }, 'state.options.k must be a whole number from 1, got nothing'],
    [Object.create(whole), 'state.options.k must be a whole number from 1, got nothing'],
    [undefined, 'state.options must be an object, got nothing'],
    [null, 'state.options must be an object, got null'],
    ['text', 'state.options must be an object, got "text"'],
    [[1, 2], 'state.options must be an object, got [1,2]'],
  ])('case %#', (given: unknown, message) => {
    expect(() => read(given)).toThrow(FormatError);
    expect(() => read(given)).toThrow(`knn.restore: ${message}`);
  });
});
