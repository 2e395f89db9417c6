import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';
import { auroc, decideWith, decodeSafetensors, seededRandom } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { loadMnist } from 'tfjs-ood/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeClassifier, type Classifier } from '../../examples/browser/classifier';
import { drawDigits, drawShapes } from '../../examples/browser/drawn-images';
import { digits } from '../../examples/browser/glyphs';
import { inkOfImage } from '../../examples/browser/ink-of-image';
import { inkOfDrawing, inkOfStrokes } from '../../examples/browser/strokes';
import { SIDE, toMnistPixels } from '../../examples/browser/to-mnist-pixels';
import { byAnotherHand, drawOtherForms, withPen } from '../../examples/browser/other-hands';
import { readOpticalDigits } from '../../examples/browser/optical-digits';
import { digitsOf, KNOWN, UNSEEN } from '../../examples/browser/train-data';
import { drawHand, HANDS } from '../../examples/browser/varied-hands';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const file = path('../../examples/browser/model.safetensors');
const data = path('../../../shared/data');

describe('preparation of drawings', () => {
  const ink = inkOfStrokes(digits[4]!, 56, 0.09);

  test('fits 20x20 and has the center of mass in the middle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 30, max: 120 }), (digit, side) => {
        const pixels = toMnistPixels(inkOfStrokes(digits[digit]!, side, 0.09))!;
        let [mass, x, y] = [0, 0, 0];
        const [columns, rows] = [new Set<number>(), new Set<number>()];
        pixels.forEach((value, i) => {
          mass += value;
          x += value * ((i % SIDE) + 0.5);
          y += value * (Math.floor(i / SIDE) + 0.5);
          if (value === 0) return;
          columns.add(i % SIDE);
          rows.add(Math.floor(i / SIDE));
        });
        expect(Math.abs(x / mass - 14)).toBeLessThan(0.55);
        expect(Math.abs(y / mass - 14)).toBeLessThan(0.55);
        expect(Math.max(columns.size, rows.size)).toBeLessThanOrEqual(20);
        expect(Math.max(columns.size, rows.size)).toBeGreaterThanOrEqual(19);
        expect(Math.max(...pixels)).toBe(255);
      }),
    );
  });

  test('is the same wherever the ink is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }), (left, top) => {
        const [width, height] = [56 + 30, 56 + 30];
        const values = new Float32Array(width * height);
        for (let y = 0; y < 56; y++) values.set(ink.values.subarray(y * 56, y * 56 + 56), (y + top) * width + left);
        expect(toMnistPixels({ values, width, height })).toEqual(toMnistPixels(ink));
      }),
    );
  });

  test('of strokes is nearly the same in any size', () => {
    const at = (scale: number) => digits[5]!.map((stroke) => stroke.map(([x, y]) => [x * scale, y * scale] as const));
    const [large, small] = [toMnistPixels(inkOfDrawing(at(1)))!, toMnistPixels(inkOfDrawing(at(0.3)))!];
    large.forEach((value, i) => expect(Math.abs(value - small[i]!)).toBeLessThanOrEqual(2));
  });

  test('has nothing of nothing, and something of a dot', () => {
    expect(toMnistPixels({ values: new Float32Array(100), width: 10, height: 10 })).toBeUndefined();
    expect(toMnistPixels(inkOfDrawing([[[0.5, 0.5]]]))!.some((value) => value > 0)).toBe(true);
  });

  test('of a picture: dark on light is light on dark', () => {
    const picture = (invert: boolean) => {
      const rgba = new Uint8Array(56 * 56 * 4).fill(255);
      ink.values.forEach((value, i) => rgba.fill(Math.round(255 * (invert ? 1 - value : value)), i * 4, i * 4 + 3));
      return inkOfImage({ data: rgba, width: 56, height: 56 });
    };
    expect(toMnistPixels(picture(true))).toEqual(toMnistPixels(picture(false)));
  });
});

describe('hands that are not MNIST’s', () => {
  const boxOf = (pixels: Uint8Array) => {
    const at = [...pixels.keys()].filter((i) => pixels[i]! > 0);
    const [columns, rows] = [at.map((i) => i % SIDE), at.map((i) => Math.floor(i / SIDE))];
    return Math.max(Math.max(...columns) - Math.min(...columns) + 1, Math.max(...rows) - Math.min(...rows) + 1);
  };

  test('scikit-learn’s digits are all there', async () => {
    const { labels, shape } = await readOpticalDigits();
    expect(shape).toEqual([1797, SIDE, SIDE, 1]);
    const counts = Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]); // numpy.bincount(load_digits().target)
    const { images } = JSON.parse(await readFile(path('../fixtures/optical-digits.json'), 'utf8')) as {
      images: string[];
    };
    const ink = [...images.join('')].reduce((sum, letter) => sum + letter.charCodeAt(0) - 97, 0);
    expect(ink).toBe(561718); // load_digits().data.sum()
  });

  test('another hand leaves a digit that is prepared like the page’s drawings', () => {
    const forms = drawOtherForms(60, seededRandom(3));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 1, max: 1e6 }), (row, seed) => {
        const image = forms.subarray(row * SIDE * SIDE, (row + 1) * SIDE * SIDE);
        const other = byAnotherHand(image, seededRandom(seed))!;
        expect(byAnotherHand(image, seededRandom(seed))).toEqual(other);
        expect(other).not.toEqual(image);
        expect(Math.max(...other)).toBe(255);
        expect(boxOf(other)).toBeGreaterThanOrEqual(18);
        expect(boxOf(other)).toBeLessThanOrEqual(20);
      }),
      { numRuns: 60 },
    );
    expect(byAnotherHand(new Uint8Array(SIDE * SIDE), seededRandom(1))).toBeUndefined();
  });

  test('a wider pen has more ink, a thinner one less, and none wipes a digit out', () => {
    const side = 2 * SIDE;
    const total = (ink: { values: Float32Array }) => ink.values.reduce((sum, value) => sum + value, 0);
    for (const digit of digits) {
      const ink = inkOfStrokes(digit, side, 0.12);
      expect(total(withPen(ink, 1, true))).toBeGreaterThan(1.15 * total(ink));
      expect(total(withPen(ink, 2, true))).toBeGreaterThan(1.3 * total(ink));
      expect(total(withPen(ink, 1, false))).toBeLessThan(0.85 * total(ink));
      const hairline = inkOfStrokes(digit, side, 0.02);
      expect(withPen(hairline, 2, false).values).toEqual(hairline.values);
    }
  });

  test('hands differ as they say: ink by the pen, lean by the slant, a foot by the form', () => {
    const inkOf = (images: Uint8Array) => images.reduce((sum, value) => sum + value, 0) / images.length / 255;
    /** How far the upper half of the ones lies to the right of the lower one. */
    const leanOf = (images: Uint8Array) => {
      let lean = 0;
      for (let row = 1; row < 60; row += 6) {
        const sums: [number, number, number, number] = [0, 0, 0, 0];
        for (let i = 0; i < SIDE * SIDE; i++) {
          const [value, half] = [images[row * SIDE * SIDE + i]!, i < (SIDE * SIDE) / 2 ? 0 : 2];
          sums[half]! += value * (i % SIDE);
          sums[half + 1]! += value;
        }
        lean += (sums[0] / sums[1] - sums[2] / sums[3]) / 10;
      }
      return lean;
    };
    const [usual, thin, thick, left, right, serifs] = Object.values(HANDS).map((hand) => drawHand(hand, 60, 9).images);
    expect(inkOf(thin!)).toBeLessThan(0.75 * inkOf(usual!));
    expect(inkOf(thick!)).toBeGreaterThan(1.5 * inkOf(usual!));
    expect(leanOf(left!)).toBeLessThan(-2);
    expect(leanOf(right!)).toBeGreaterThan(4);
    expect(Math.abs(leanOf(usual!))).toBeLessThan(2);
    const widthOfOnes = (images: Uint8Array) =>
      Array.from({ length: 10 }, (_, one) => {
        const pixels = images.subarray((6 * one + 1) * SIDE * SIDE, (6 * one + 2) * SIDE * SIDE);
        return new Set([...pixels.keys()].filter((i) => pixels[i]! > 99).map((i) => i % SIDE)).size / 10;
      }).reduce((sum, width) => sum + width);
    expect(widthOfOnes(serifs!)).toBeGreaterThan(widthOfOnes(usual!) + 2);
  });
});

describe('the committed classifier', () => {
  let classifier: Classifier;
  let bytes: Uint8Array;
  beforeAll(async () => {
    await tf.setBackend('wasm');
    bytes = await readFile(file);
    classifier = decodeClassifier(bytes);
  });
  afterAll(() => classifier.dispose());

  const all = (set: ImageSet) => classifier.classifyAll(set);
  const scores = (results: { score: number }[]) => results.map(({ score }) => score);

  test('is small, and says what it never saw', () => {
    expect(bytes.length).toBeLessThan(500_000);
    expect(decodeSafetensors(bytes, 'model').metadata).toMatchObject({
      known: '0 1 2 3 4 5',
      seen: '6 7',
      unseen: '8 9',
    });
    expect(classifier.calibration.all).toHaveLength(2000);
  });

  test('knows drawn digits and not drawn shapes', async () => {
    const known = await all(drawDigits(120, 0, 5, 77));
    expect(known.filter(({ digit }, i) => digit === i % 6).length).toBeGreaterThanOrEqual(116);
    expect(auroc(scores(known), scores(await all(drawShapes(120, 77))))).toBeGreaterThan(0.97);
  });

  test('knows hands that are not MNIST’s as often as the documentation says', async () => {
    const alarms = async (images: ImageSet) => {
      const answers = await all(images);
      const decisions = decideWith(classifier.calibration, scores(answers), { alpha: 0.05 });
      return decisions.filter(({ isOod }) => isOod).length / answers.length;
    };
    const optical = await readOpticalDigits();
    expect(await alarms(digitsOf(optical, KNOWN))).toBeLessThan(0.22);
    expect(await alarms(digitsOf(optical, UNSEEN))).toBeGreaterThan(0.93);
    for (const hand of Object.values(HANDS)) expect(await alarms(drawHand(hand, 240, 2718))).toBeLessThan(0.1);
  }, 300_000);

  test.skipIf(!existsSync(data))(
    'keeps its false-alarm rate on MNIST, and finds digits that no training saw',
    async () => {
      const { test: images } = await loadMnist(data);
      const known = await all(digitsOf(images, KNOWN, 0, 1500));
      const unseen = await all(digitsOf(images, UNSEEN, 0, 500));
      const alarms = decideWith(classifier.calibration, scores(known), { alpha: 0.05 }).filter(
        ({ isOod }) => isOod,
      ).length;
      expect(alarms / 1500).toBeLessThan(0.08);
      expect(auroc(scores(known), scores(unseen))).toBeGreaterThan(0.96);
    },
    300_000,
  );
});
