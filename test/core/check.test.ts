import { describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import * as rules from '../../src/core/check';

const { check, numberFrom, oneOf, required, wholeFrom } = rules;

/** What a form, a parser or a typing slip gives in place of a number. */
const NO_NUMBERS = [NaN, Infinity, -Infinity, '5', '', null, undefined, true, false, 5n, [5], {}, new Number(5)];

/** The rules of numbers: the values at whose side they turn, those inside and those outside. */
const numbers: [name: string, rule: rules.Rule, inside: number[], outside: number[]][] = [
  ['FINITE', rules.FINITE, [0, -0, -1e308, 1e308, 2 ** 53, 0.5], []],
  ['POSITIVE', rules.POSITIVE, [5e-324, 0.5, 1, 2 ** 53], [0, -0, -5e-324, -1]],
  ['NOT_NEGATIVE', rules.NOT_NEGATIVE, [0, -0, 5e-324, 2 ** 53], [-5e-324, -1]],
  ['SHARE', rules.SHARE, [5e-324, 0.5, 1 - 2 ** -53], [0, -0, 1, -0.5, 2]],
  ['SHARE_OR_ALL', rules.SHARE_OR_ALL, [5e-324, 0.5, 1], [0, -0, 1 + 2 ** -52, -0.5]],
  ['SHARE_OR_NONE', rules.SHARE_OR_NONE, [0, -0, 0.5, 1 - 2 ** -53], [1, -5e-324, 2]],
  ['ANY_SHARE', rules.ANY_SHARE, [0, -0, 0.5, 1], [-5e-324, 1 + 2 ** -52]],
  ['INTEGER', rules.INTEGER, [0, -0, -7, 2 ** 53 - 1, 1 - 2 ** 53], [0.5, 2 ** 53, -(2 ** 53), 1e308]],
  ['INDEX', rules.INDEX, [0, -0, 1, 2 ** 53 - 1], [-1, 0.5, 2 ** 53]],
  ['COUNT', rules.COUNT, [1, 2, 2 ** 53 - 1], [0, -0, -1, 1.5, 2 ** 53]],
  ['numberFrom(-2, 3)', numberFrom(-2, 3), [-2, 0, -0, 0.5, 3], [-2 - 2 ** -51, 3 + 2 ** -51]],
  ['numberFrom(4)', numberFrom(4), [4, 1e308], [4 - 2 ** -51, -5]],
  ['wholeFrom(-2, 3)', wholeFrom(-2, 3), [-2, 0, -0, 3], [-3, 4, 0.5]],
  ['wholeFrom(4)', wholeFrom(4), [4, 2 ** 53 - 1], [3, 4.5, 2 ** 53]],
];

describe.each(numbers)('%s', (_, rule, inside, outside) => {
  test('holds up to its ends', () => {
    for (const value of inside) expect(rule.holds(value), String(value)).toBe(true);
    for (const value of outside) expect(rule.holds(value), String(value)).toBe(false);
  });

  test('holds for numbers alone', () => {
    for (const value of NO_NUMBERS) expect(rule.holds(value as number), typeof value).toBe(false);
  });
});

const values = [...NO_NUMBERS, 0, -0, 1, 2 ** 53, 'a', 'halves', () => 0, class {}];

test.each<[string, rules.Rule, unknown[]]>([
  ['FLAG', rules.FLAG, [true, false]],
  ['TEXT', rules.TEXT, ['5', '', 'a', 'halves']],
  ['FUNCTION', rules.FUNCTION, values.slice(-2)],
  ['ANYTHING', rules.ANYTHING, values],
  ["oneOf('halves', 1)", oneOf('halves', 1), ['halves', 1]],
  ['oneOf(0)', oneOf(0), [0, -0]],
  ['oneOf()', oneOf(), []],
])('%s holds for these and no other', (_, rule, welcome) => {
  for (const value of values) expect(rule.holds(value as number), typeof value).toBe(welcome.includes(value));
});

test('the words say where a rule ends', () => {
  const expected = (rule: rules.Rule) => rule.expected;
  expect(expected(rules.NOT_NEGATIVE)).toBe('a number from 0');
  expect(expected(rules.COUNT)).toBe('a whole number from 1');
  expect(expected(numberFrom(0, 0.9))).toBe('a number from 0 to 0.9');
  expect(expected(wholeFrom(-2, 3))).toBe('a whole number from -2 to 3');
  expect(expected(oneOf('kth', 2))).toBe('one of kth, 2');
  const all = numbers.map(([, rule]) => rule.expected);
  expect(new Set(all).size, 'no two rules have the same words').toBe(all.length);
});

test('required is the same rule for an option that must be given', () => {
  expect(required(rules.COUNT)).toEqual({ ...rules.COUNT, isRequired: true });
  expect(rules.COUNT.isRequired).toBeUndefined();
});

test('check names the function, the argument, the rule and what came', () => {
  expect(() => check('msp', 'temperature', 1, rules.POSITIVE)).not.toThrow();
  const wrong = () => check('msp', 'temperature', -1, rules.POSITIVE);
  expect(wrong).toThrow(ArgumentError);
  expect(wrong).toThrow('msp: temperature must be a number above 0, got -1');
  expect(() => check('msp', 'temperature', null, rules.POSITIVE)).toThrow('got null');
  expect(() => check('msp', 'temperature', { a: 1 }, rules.POSITIVE)).toThrow('got { a }');
});
