import { ArgumentError } from './errors';
import { tagOf } from './shown-value';

/** Which values an argument may have, and how an error says so. */
export interface Rule {
  readonly expected: string;
  /** Whatever came, a number or not. */
  holds(value: number): boolean;
  /** An option under it must be given; see {@link required}. */
  readonly isRequired?: true;
}

/** A rule for numbers; NaN, infinities and all that is no number never keep it. */
const of = (expected: string, holds: (value: number) => boolean): Rule => ({
  expected,
  holds: (value) => Number.isFinite(value) && holds(value),
});

const span = (least: number, most: number): string => `from ${least}${most < Infinity ? ` to ${most}` : ''}`;

export const FINITE = /* @__PURE__ */ of('a finite number', () => true);
export const POSITIVE = /* @__PURE__ */ of('a number above 0', (value) => value > 0);
export const NOT_NEGATIVE = /* @__PURE__ */ numberFrom(0);
export const SHARE = /* @__PURE__ */ of('a share between 0 and 1, both excluded', (value) => value > 0 && value < 1);
export const SHARE_OR_ALL = /* @__PURE__ */ of('a share above 0 and at most 1', (value) => value > 0 && value <= 1);
export const SHARE_OR_NONE = /* @__PURE__ */ of('a share from 0, below 1', (value) => value >= 0 && value < 1);
export const ANY_SHARE = /* @__PURE__ */ of('a share from 0 to 1', (value) => value >= 0 && value <= 1);
export const INTEGER = /* @__PURE__ */ of('a whole number', (value) => Number.isSafeInteger(value));
export const INDEX = /* @__PURE__ */ wholeFrom(0);
export const COUNT = /* @__PURE__ */ wholeFrom(1);
export const FLAG: Rule = { expected: 'true or false', holds: (value: unknown) => typeof value === 'boolean' };
export const FUNCTION: Rule = { expected: 'a function', holds: (value: unknown) => typeof value === 'function' };
export const TEXT: Rule = { expected: 'a string', holds: (value: unknown) => typeof value === 'string' };
export const OBJECT: Rule = {
  expected: 'an object',
  holds: (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
/** By its name, so that bytes of another frame or of Node's vm are bytes too. */
export const BYTES: Rule = {
  expected: 'a Uint8Array',
  holds: (value: unknown) => tagOf(value) === '[object Uint8Array]',
};
/** By its name, as those of other frames and of packages have it. */
export const SIGNAL: Rule = {
  expected: 'an AbortSignal',
  holds: (value: unknown) => tagOf(value) === '[object AbortSignal]',
};
export const LIST: Rule = { expected: 'a list', holds: Array.isArray };
/** No list, no promise, and nothing of a class. */
export const RECORD: Rule = {
  expected: 'an object',
  holds: (value: unknown) => tagOf(value) === '[object Object]',
};
/** Whatever it is, somebody else looks at it. */
export const ANYTHING: Rule = { expected: 'anything', holds: () => true };

/** Numbers from one to another, both included. */
export function numberFrom(least: number, most = Infinity): Rule {
  return of(`a number ${span(least, most)}`, (value) => value >= least && value <= most);
}

/** Whole numbers from one to another, both included. */
/* @__NO_SIDE_EFFECTS__ */
export function wholeFrom(least: number, most = Infinity): Rule {
  const isWithin = (value: number) => Number.isSafeInteger(value) && value >= least && value <= most;
  return of(`a whole number ${span(least, most)}`, isWithin);
}

/** One of some words or numbers. */
export const oneOf = /* @__NO_SIDE_EFFECTS__ */ (...words: readonly (string | number)[]): Rule => ({
  expected: `one of ${words.join(', ')}`,
  holds: (value) => words.includes(value),
});

/** The one word or number that it can be. */
export const exactly = /* @__NO_SIDE_EFFECTS__ */ (word: string | number): Rule => ({
  expected: String(word),
  holds: (value) => value === word,
});

/** The same rule for an option that has no default and cannot be left out. */
export const required = (rule: Rule): Rule => ({ ...rule, isRequired: true });

/** A string of a pattern, which `expected` says in words. */
export const textOf = (expected: string, pattern: RegExp): Rule => ({
  expected,
  holds: (value: unknown) => typeof value === 'string' && pattern.test(value),
});

/** A list of so many values, each under a rule. */
export const listOf = (count: number, { expected, holds }: Rule): Rule => ({
  expected: `a list of ${count}, each ${expected}`,
  holds: (value: unknown) => Array.isArray(value) && value.length === count && value.every(holds),
});

/** Throws unless the argument keeps its rule. */
export function check(where: string, what: string, value: unknown, rule: Rule): void {
  if (!rule.holds(value as number)) throw new ArgumentError(where, what, rule.expected, value);
}
