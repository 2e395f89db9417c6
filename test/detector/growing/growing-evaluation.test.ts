import { expect, test } from 'vitest';
import { growingDetector } from 'tfjs-ood/detector';
import { blocksOf } from '../evaluation/made-points';
import { normalRows, rowsOf } from './made-rows';

const known = normalRows(40, 3, 2);
const strange = { far: rowsOf(...normalRows(12, 3, 3, 9)), near: rowsOf(...normalRows(15, 3, 4, 1)) };

test('a growing detector is evaluated by its own verdicts', async () => {
  const detector = growingDetector({ normalize: 'none' });
  for (const label of ['left', 'right']) {
    const side = label === 'left' ? -5 : 5;
    await detector.add(rowsOf(...normalRows(30, 3, side + 50).map(([x, ...rest]) => [x! + side, ...rest])), label);
  }
  const both = known.map(([x, ...rest], i) => [x! + (i % 2 ? 5 : -5), ...rest]);
  const labels = both.map((_, i) => (i % 2 ? 'right' : 'left'));
  const features = rowsOf(...both);
  for (const alpha of [0.05, 0.3]) {
    const result = await detector.evaluate({ known: { features, labels }, strange }, { alpha, confidence: 0.9 });
    const count = async (rows: typeof features) =>
      (await detector.predict(rows, { alpha })).filter(({ isOod }) => isOod).length;
    expect(result.known.falseAlarms.default!.count).toBe(await count(features));
    expect(result.out.map(({ found }) => found.default!.count)).toEqual([
      await count(strange.far),
      await count(strange.near),
    ]);
    expect(result).toMatchObject({ alpha, confidence: 0.9, cutPoint: 'default', classNames: ['left', 'right'] });
    expect(result.known.falseAlarms.default!.promise).toMatchObject({ rate: alpha, kind: 'average' });
    expect(result.known.falseAlarms.default!.promise.chance).toBeUndefined();
    expect(result.known.accuracy!.count).toBeGreaterThan(35);
    expect(result.threshold).toBeUndefined();
    const parts = blocksOf({ features: rowsOf(...both.slice(0, 9)), labels: labels.slice(0, 9) }, { features: rowsOf(...both.slice(9)), labels: labels.slice(9) }); // prettier-ignore
    expect(await detector.evaluate({ known: parts, strange }, { alpha, confidence: 0.9 })).toEqual(result);
  }
});

test('of rows that are being added; of labels that are numbers; of too few rows', async () => {
  const detector = growingDetector({ normalize: 'none' });
  const adding = detector.add(rowsOf(...normalRows(30, 3, 1)), 7);
  const result = await detector.evaluate({
    known: { features: rowsOf(...known), labels: known.map(() => 7) },
    strange,
  });
  await adding;
  expect(result.known.accuracy).toMatchObject({ count: 40, of: 40 });
  expect(result.classNames).toBeUndefined();
  const young = growingDetector();
  await young.add(rowsOf(...normalRows(5, 3, 1)), 'a');
  await expect(young.evaluate({ known: rowsOf(...known), strange })).rejects.toThrow(
    /^growingDetector\.evaluate: alpha must be 0\.1666.* or more for 5 rows/,
  );
});

test('labels that the detector does not have are refused, numbers as names', async () => {
  const features = rowsOf(...known);
  for (const [own, strangers, expected] of [
    [7, known.map(() => 3), 'known: labels must be labels of the detector (7), got 3 at index 0'],
    ['cat', known.map(() => 'cow'), "known: labels must be names of classNames ('cat'?), got 'cow' at index 0"],
    ['cat', known.map(() => 1), "known: labels must be labels of the detector ('cat'), got 1 at index 0"],
  ] as const) {
    const detector = growingDetector({ normalize: 'none' });
    await detector.add(rowsOf(...normalRows(30, 3, 1)), own);
    await expect(detector.evaluate({ known: { features, labels: strangers }, strange })).rejects.toThrow(
      `growingDetector.evaluate: ${expected}`,
    );
  }
});

test('all sets are judged by the rows of the call, whatever is added or removed meanwhile', async () => {
  const made = async () => {
    const detector = growingDetector({ normalize: 'none' });
    await detector.add(rowsOf(...normalRows(30, 3, 1)), 'a');
    await detector.add(rowsOf(...normalRows(30, 3, 2, 9)), 'b'); // where the far ones are
    return detector;
  };
  const sets = { known: rowsOf(...known), strange };
  const wanted = await (await made()).evaluate(sets);
  for (const change of ['add', 'remove'] as const) {
    const detector = await made();
    const asked = detector.evaluate(sets);
    if (change === 'add') await detector.add(rowsOf(...normalRows(30, 3, 5, 1)), 'c');
    else await detector.remove('b');
    expect(await asked).toEqual(wanted);
    expect(await detector.evaluate(sets)).not.toEqual(wanted);
  }
  // A stream may ask the detector, too, and teach it
  const detector = await made();
  async function* blocks() {
    yield rowsOf(...known.slice(0, 20));
    await detector.add(rowsOf(...normalRows(30, 3, 5, 1)), 'c');
    yield rowsOf(...known.slice(20));
  }
  expect(await detector.evaluate({ known: blocks(), strange })).toEqual(wanted);
});
