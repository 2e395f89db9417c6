import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  aurocInterval,
  autc,
  averagePrecision,
  detectionAccuracy,
  detectionError,
  equalErrorRate,
  fprAtTprOdin,
  fprAtTpr,
  fprAtTprOpenOOD,
  gridMetrics,
  odinStyleMetrics,
  partialAuroc,
  auroc,
  rankScores,
  trapezoidAupr,
} from 'tfjs-ood/metrics';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

test('every number of the table in docs/metrics.md is what its function returns', () => {
  const random = seededRandom(1);
  const inScores = Array.from({ length: 2000 }, () => Math.abs(random.normal()));
  const outScores = Array.from({ length: 200 }, () => Math.abs(2 + 1.5 * random.normal()));
  const ranked = rankScores(inScores, outScores);
  const [interval, odin, grid] = [aurocInterval, odinStyleMetrics, gridMetrics].map((f) => f(inScores, outScores)) as [
    ReturnType<typeof aurocInterval>,
    ReturnType<typeof odinStyleMetrics>,
    ReturnType<typeof gridMetrics>,
  ];
  const own: Record<string, number> = {
    '`auroc`': auroc(inScores, outScores),
    '`aurocInterval`, lower': interval.lower,
    '`aurocInterval`, upper': interval.upper,
    '`partialAuroc`, out, `maxFpr: 0.1`': partialAuroc(ranked, { maxFpr: 0.1 }),
    '`partialAuroc`, in, `maxFpr: 0.1`': partialAuroc(ranked, { maxFpr: 0.1, positive: 'in' }),
    '`averagePrecision`, out': averagePrecision(ranked),
    '`averagePrecision`, in': averagePrecision(ranked, { positive: 'in' }),
    '`trapezoidAupr`, out': trapezoidAupr(ranked),
    '`trapezoidAupr`, in': trapezoidAupr(ranked, { positive: 'in' }),
    '`gridMetrics`, `auprOut`': grid.auprOut,
    '`gridMetrics`, `auprIn`': grid.auprIn,
    '`fprAtTpr`, in': fprAtTpr(ranked),
    "`fprAtTpr`, in, `rule: 'nearest'`": fprAtTpr(ranked, { rule: 'nearest' }),
    "`fprAtTpr`, in, `rule: 'band-mean'`": fprAtTpr(ranked, { rule: 'band-mean' }),
    '`fprAtTprOdin`': fprAtTprOdin(ranked),
    '`odinStyleMetrics`, `fpr`': odin.fpr,
    '`gridMetrics`, 1 - `tnr`': 1 - grid.tnr,
    '`fprAtTpr`, out': fprAtTpr(ranked, { positive: 'out' }),
    '`fprAtTprOpenOOD`': fprAtTprOpenOOD(ranked),
    '`detectionError`': detectionError(ranked),
    '`odinStyleMetrics`, `detectionError`': odin.detectionError,
    '`detectionAccuracy`': detectionAccuracy(ranked),
    '`equalErrorRate`': equalErrorRate(ranked).rate,
    "`autc`, `scaling: 'min-max'`": autc(ranked, { scaling: 'min-max' }).autc,
  };
  const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  for (const [name, value] of Object.entries(own)) {
    const row = rows.find((cells) => cells[1] === name);
    expect(row?.[4], name).toBe(value.toFixed(4));
  }
  expect(rows.filter((cells) => cells.length === 6 && /^\d\.\d{4}$/.test(cells[4]!))).toHaveLength(24);

  const far = [...outScores, 1e6];
  const exact = auroc(inScores, far).toFixed(4);
  const scaled = autc(rankScores(inScores, far), { scaling: 'min-max' }).autc.toFixed(4);
  const sentence = `million turns the grid's AUROC to ${gridMetrics(inScores, far).auroc.toFixed(4)} (exact: ${exact}) and the AUTC to ${scaled}.`;
  expect(page).toContain(sentence);
});
