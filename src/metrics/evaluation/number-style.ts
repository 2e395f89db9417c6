import { ArgumentError } from '../../core/errors';
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

/** Fractions as text. @throws ArgumentError for an impossible number of digits */
export function numberWriter(where: string, { percent = false, digits = percent ? 2 : 4 }: NumberStyle) {
  if (!(Number.isInteger(digits) && digits >= 0 && digits <= 20)) {
    throw new ArgumentError(where, 'digits', 'a whole number from 0 to 20', digits);
  }
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
