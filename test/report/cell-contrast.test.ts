import { parseHTML } from 'linkedom';
import { htmlReport, reportFigures, type Report } from 'tfjs-ood/report';
import { expect, test } from 'vitest';
import { makeReport, noPicture } from './report-input';

/** Contrast of two colors as WCAG 2.2 defines it, channel by channel. */
function contrast(a: readonly number[], b: readonly number[]): number {
  const luminance = (color: readonly number[]) => {
    const [r, g, b] = color.map((byte) => {
      const value = byte / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

const colorOf = (text: string): number[] => {
  const named: Record<string, number[]> = { white: [255, 255, 255], black: [0, 0, 0] };
  return named[text] ?? [...text.matchAll(/\d+/g)].map(Number);
};

/** Of 100 images of each true class `share` are taken for it, the rest for another. */
const confused = (share: number): Report => {
  const labels = Array.from({ length: 200 }, (_, i) => i % 2);
  const nearest = labels.map((label, i) => (Math.floor(i / 2) < share ? label : 1 - label));
  const { known, ...rest } = makeReport({ history: false });
  const scores = Float32Array.from({ length: 200 }, (_, i) => i);
  return { ...rest, known: { name: known.name, scores, labels, nearest } };
};

test('the numbers in the confusion matrix have a contrast of 4.5 at every share', async () => {
  let least = Infinity;
  for (let share = 0; share <= 100; share += 2) {
    const { document } = parseHTML((await reportFigures(confused(share))).figures.confusion!);
    const grounds = [...document.querySelectorAll('[aria-label="cell"] rect')].map((cell) =>
      cell.getAttribute('fill')!,
    );
    const texts = [...document.querySelectorAll('[aria-label="text"] text')];
    expect(grounds).toHaveLength(4);
    expect(texts.map((text) => text.textContent)).toEqual([share, 100 - share, 100 - share, share].map(String));
    texts.forEach((text, i) => {
      const own = contrast(colorOf(text.getAttribute('fill')!), colorOf(grounds[i]!));
      least = Math.min(least, own);
      expect(own, `${share} %`).toBeGreaterThanOrEqual(4.5);
    });
  }
  expect(least).toBeLessThan(5.5); // shares between are the hard ones
  const { figures } = await reportFigures(confused(100));
  const [first, second] = [...parseHTML(figures.confusion!).document.querySelectorAll('[aria-label="cell"] rect')];
  expect(colorOf(first!.getAttribute('fill')!)).toEqual([0, 114, 178]);
  expect(colorOf(second!.getAttribute('fill')!)).toEqual([255, 255, 255]);
});

test('the slider has words for its two numbers', async () => {
  const { document } = parseHTML(await htmlReport(makeReport(), { encodeImage: noPicture }));
  expect(document.querySelector('.threshold + .note')!.textContent).toMatch(/two numbers.*false alarms.*found/s);
});
