import { FLAG, wholeFrom } from '../../core/check';
import type { Declared } from '../../core/read-options';
import type { AurocWithInterval, EvaluationMetrics, GroupEvaluation, SetEvaluation } from './evaluation';

/** How numbers are shown; CSV has them as they are, fractions at full precision. */
export interface NumberStyle {
  /** Digits after the point: 4 by default, of percentages 2. */
  digits?: number;
  /** 91.20 instead of 0.9120. */
  percent?: boolean;
  /** AUROC as `0.912 [0.901, 0.922]`, where it has an interval. */
  interval?: boolean;
}

export const NUMBER_STYLE = {
  digits: [wholeFrom(0, 20)],
  percent: [FLAG, false],
  interval: [FLAG, false],
} as const satisfies Declared<NumberStyle>;

/** Fractions as text. */
export function numberWriter({
  percent = false,
  digits = percent ? 2 : 4,
}: { [K in keyof NumberStyle]: NumberStyle[K] | undefined }) {
  return (fraction: number) => (percent ? fraction * 100 : fraction).toFixed(digits);
}

/** `0.912 [0.901, 0.922]`, or the value alone for a group's mean. */
export function metricText(
  from: SetEvaluation | GroupEvaluation,
  metric: keyof EvaluationMetrics,
  write: (fraction: number) => string,
  interval: boolean,
): string {
  const value = from[metric];
  if (typeof value === 'number') return write(value);
  const { value: area, lower, upper }: AurocWithInterval = value;
  return interval ? `${write(area)} [${write(lower)}, ${write(upper)}]` : write(area);
}
