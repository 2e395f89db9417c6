import type { Verdict } from 'tfjs-ood/detector';
import { expect } from 'vitest';
import { numbersOf } from './run-onnx';

/** Relative, and of a score of 0 what float32 leaves of numbers of the size of 1 or 10. */
const [WITHIN, NOTHING] = [1e-4, 2e-6];

/** How far scores lie apart, as a share of what they may. */
const apart = (score: number, found: number): number => Math.abs(found - score) / (WITHIN * Math.abs(score) + NOTHING);

type Outputs = Readonly<Record<string, { data: unknown }>>;

/**
 * Throws unless the outputs of a graph are these verdicts: scores to 1e-4, p-values and alarms exactly but where the
 * score lies so near another that rounding decides; labels exactly.
 */
export function expectSameVerdicts(
  outputs: Outputs,
  verdicts: readonly Verdict[],
): { worst: number; doubtful: number } {
  const [scores, pValues, alarms] = ['score', 'p_value', 'is_ood'].map((name) => numbersOf(outputs[name]));
  let [worst, doubtful] = [0, 0];
  verdicts.forEach(({ score, pValue, isOod }, row) => {
    worst = Math.max(worst, apart(score, scores![row]!));
    if (pValue !== pValues![row] || isOod !== Boolean(alarms![row]))
      doubtful += Number(Math.fround(score) !== scores![row]) || NaN;
  });
  expect(scores).toHaveLength(verdicts.length);
  expect(worst, 'scores').toBeLessThanOrEqual(1);
  expect(doubtful, 'rows whose verdict differs, and their score by rounding').toBeLessThanOrEqual(
    verdicts.length / 100,
  );
  if (outputs.label) expect(numbersOf(outputs.label)).toEqual(verdicts.map(({ label }) => label));
  if (outputs.tags) {
    const columns = numbersOf(outputs.tags).length / verdicts.length;
    const said = numbersOf(outputs.tags);
    const named = verdicts.map((_, row) =>
      Array.from({ length: columns }, (_, c) => `${c}`).filter((_, c) => said[row * columns + c]),
    );
    expect(named).toEqual(verdicts.map(({ label }) => label));
  }
  return { worst, doubtful };
}
