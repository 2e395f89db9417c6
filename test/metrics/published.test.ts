import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { auroc, averagePrecision, detectionError, fprAtTpr, gridMetrics, odinStyleMetrics } from 'tfjs-ood/metrics';
import { expectClose } from '../expect-close';

interface Case {
  name: string;
  inScores: number[];
  outScores: number[];
  repoOdin: Record<string, number>;
  repoGrid: Record<string, number>;
  exact: Record<string, number>;
}

const file = fileURLToPath(new URL('../../../shared/fixtures/odm-metrics.json', import.meta.url));
const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Case[]) : [];

test.skipIf(cases.length === 0)("what the authors' code returns for seven score sets", () => {
  expect(cases).toHaveLength(7);
  for (const { inScores: a, outScores: b, repoOdin, repoGrid, exact, name } of cases) {
    const close = (actual: object, expected: Record<string, number>) => {
      expect(Object.keys(actual).sort(), name).toEqual(Object.keys(expected).sort());
      for (const [key, value] of Object.entries(expected)) {
        expectClose((actual as Record<string, number>)[key]!, value, { absolute: 1e-6 });
      }
    };
    const own = {
      auroc: auroc(a, b),
      averagePrecisionOut: averagePrecision(a, b),
      averagePrecisionIn: averagePrecision(a, b, { positive: 'in' }),
      fprAt95TprInPositive: fprAtTpr(a, b),
      fprAt95TprOutPositive: fprAtTpr(a, b, { positive: 'out' }),
      detectionError: detectionError(a, b),
    };
    close(own, exact);
    close(odinStyleMetrics(a, b), repoOdin);
    close(gridMetrics(a, b), repoGrid);
  }
});
