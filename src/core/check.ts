import { ArgumentError } from './errors';

/** Which values an option may have, and how an error says so. */
export interface NumberRule {
  expected: string;
  holds(value: number): boolean;
}

export const POSITIVE: NumberRule = { expected: 'a number above 0', holds: (v) => v > 0 && Number.isFinite(v) };
export const FINITE: NumberRule = { expected: 'a finite number', holds: Number.isFinite };
export const SHARE: NumberRule = { expected: 'a share between 0 and 1, both excluded', holds: (v) => v > 0 && v < 1 };
export const COUNT: NumberRule = { expected: 'a whole number from 1', holds: (v) => Number.isSafeInteger(v) && v >= 1 };

/** Throws unless the option keeps its rule. */
export function checkOption(where: string, what: string, value: number, { expected, holds }: NumberRule): void {
  if (typeof value === 'number' && holds(value)) return;
  throw new ArgumentError({ where, what, expected, received: String(value) });
}

/** Throws unless the word is among the known ones. */
export function checkWord(where: string, what: string, word: string, words: readonly string[]): void {
  if (words.includes(word)) return;
  throw new ArgumentError({ where, what, expected: `one of ${words.join(', ')}`, received: String(word) });
}
