import { OBJECT, type Rule } from '../../core/check';
import type { Json } from '../../core/saved/json';

/** AUROC with its confidence interval, as of `aurocInterval`. */
export interface AurocWithInterval {
  value: number;
  standardError: number;
  lower: number;
  upper: number;
  confidence: number;
  method: 'delong-logit' | 'delong';
}

/** The numbers of one OoD set besides AUROC; fractions between 0 and 1. */
interface OtherMetrics {
  /** Average precision, in-distribution positive. */
  auprIn: number;
  /** Average precision, OoD positive. */
  auprOut: number;
  /** Share of OoD that passes where 95 % of in-distribution does: ODIN's and Masana et al.'s FPR95. */
  fprAt95TprInPositive: number;
  /** Share of in-distribution that raises an alarm where 95 % of OoD does: OpenOOD's FPR95. */
  fprAt95TprOutPositive: number;
  /** Smallest error rate over all thresholds, both sides as likely. */
  detectionError: number;
}

/** The usual metrics as plain numbers. */
export interface EvaluationMetrics extends OtherMetrics {
  auroc: number;
}

/** How well one OoD set is told from in-distribution data. */
export interface SetEvaluation extends OtherMetrics {
  inCount: number;
  outCount: number;
  /** Share of OoD among all scores: what auprOut is for a score that says nothing. */
  prevalence: number;
  auroc: AurocWithInterval;
}

/** Macro means over some OoD sets, each with equal weight. */
export interface GroupEvaluation extends EvaluationMetrics {
  /** Names of its sets. */
  sets: string[];
}

/** All numbers of one detector: a plain object that `JSON.stringify` saves and `parseEvaluation` reads. */
export interface Evaluation {
  format: 'tfjs-ood/evaluation';
  version: 1;
  name?: string;
  /** Share of in-distribution samples that are classified right. */
  accuracy?: number;
  inCount: number;
  sets: Record<string, SetEvaluation>;
  groups: Record<string, GroupEvaluation>;
  /** Whatever belongs to the numbers: seed, model, data. */
  about?: Json;
}

/** Names of the metrics, in the order in which they are shown. */
export const METRICS = [
  'auroc',
  'auprIn',
  'auprOut',
  'fprAt95TprInPositive',
  'fprAt95TprOutPositive',
  'detectionError',
] as const satisfies readonly (keyof EvaluationMetrics)[];

/** The metrics of a set or a group as plain numbers. */
export function metricsOf(from: SetEvaluation | GroupEvaluation): EvaluationMetrics {
  const { auroc, auprIn, auprOut, fprAt95TprInPositive, fprAt95TprOutPositive, detectionError } = from;
  return {
    auroc: typeof auroc === 'number' ? auroc : auroc.value,
    auprIn,
    auprOut,
    fprAt95TprInPositive,
    fprAt95TprOutPositive,
    detectionError,
  };
}

/** Mean over sets, each with equal weight. */
export function macroMean(sets: readonly SetEvaluation[]): EvaluationMetrics {
  const all = sets.map(metricsOf);
  const mean = (metric: keyof EvaluationMetrics) => all.reduce((sum, one) => sum + one[metric], 0) / all.length;
  return {
    auroc: mean('auroc'),
    auprIn: mean('auprIn'),
    auprOut: mean('auprOut'),
    fprAt95TprInPositive: mean('fprAt95TprInPositive'),
    fprAt95TprOutPositive: mean('fprAt95TprOutPositive'),
    detectionError: mean('detectionError'),
  };
}

/** Of what calls itself an evaluation, that it has the parts of one. */
export const EVALUATION: Rule = {
  expected: 'what evaluate() returns',
  holds: (value: unknown) => {
    const { sets, groups } = Object(value) as Partial<Record<'sets' | 'groups', never>>;
    return OBJECT.holds(sets!) && OBJECT.holds(groups!);
  },
};
