import { describe, expect, test } from 'vitest';
import { evaluate } from 'tfjs-ood/metrics';
import { checkConfig, presets, type Config } from '../../examples/svhn-cifar10/config';
import { sample } from '../../examples/svhn-cifar10/data';
import { drawDigits, drawLetters, drawNoise, drawShapes } from '../../examples/svhn-cifar10/drawn-images';
import { resultsTable, scoresCsv } from '../../examples/svhn-cifar10/evaluate';

describe('presets', () => {
  test('all pass their own check', () => {
    for (const preset of Object.values(presets)) expect(checkConfig(preset)).toBe(preset);
  });

  test.each<[Partial<Config>, string]>([
    [{ width: 0 }, 'experiment: --width must be a number from 0.01 to 4, got 0'],
    [{ batchSize: 2.5 }, 'experiment: --batch-size must be a whole number from 2 to 65536, got 2.5'],
    [{ seen: 'cifar10' }, 'experiment: --seen must be another set than --in, got "cifar10"'],
    [{ in: 'mnist' as 'svhn' }, 'experiment: --in must be one of cifar10, svhn, got "mnist"'],
    [{ pairs: 'some' as 'all' }, 'experiment: --pairs must be one of halves, all, got "some"'],
    [{ decayAfter: [0] }, 'experiment: --decay-after must be epochs, whole numbers from 1, got [0]'],
  ])('refuses %j', (wrong, message) => {
    expect(() => checkConfig({ ...presets.paper, ...wrong })).toThrow(message);
  });
});

describe('drawn images', () => {
  test('the same seed draws the same images, another seed others', () => {
    for (const draw of [drawDigits, drawLetters, drawShapes, drawNoise]) {
      expect(draw(4, 1).images).toEqual(draw(4, 1).images);
      expect(draw(4, 1).images).not.toEqual(draw(4, 2).images);
      expect(draw(4, 1).shape).toEqual([4, 32, 32, 3]);
    }
  });

  test('a digit differs from its ground', () => {
    const { images, labels } = drawDigits(20, 3);
    expect([...labels.slice(0, 11)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
    for (let i = 0; i < 20; i++) {
      const image = images.subarray(i * 3072, (i + 1) * 3072);
      const mean = image.reduce((sum, value) => sum + value, 0) / 3072;
      const deviation = Math.sqrt(image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3072);
      expect(deviation).toBeGreaterThan(10);
    }
  });

  test('noise is clipped N(0.5, 1)', () => {
    const { images } = drawNoise(20, 1);
    const share = (value: number) => images.reduce((sum, pixel) => sum + (pixel === value ? 1 : 0), 0) / images.length;
    // P(N(0.5, 1) < 0.5/255) and the same above 1: the normal distribution function at -0.498 is 0.3092.
    expect(Math.abs(share(0) - 0.3092)).toBeLessThan(0.01);
    expect(Math.abs(share(255) - 0.3092)).toBeLessThan(0.01);
  });
});

test('sample draws rows with their labels', () => {
  const all = drawDigits(50, 1);
  const some = sample(all, 7, 3);
  expect(some.shape).toEqual([7, 32, 32, 3]);
  for (let i = 0; i < 7; i++) {
    const image = Buffer.from(some.images.subarray(i * 3072, (i + 1) * 3072));
    const row = Array.from({ length: 50 }, (_, j) => j).find((j) =>
      image.equals(all.images.subarray(j * 3072, (j + 1) * 3072)),
    );
    expect(some.labels[i]).toBe(all.labels[row!]);
  }
  expect(sample(all, 0, 3)).toBe(all);
  expect(sample(all, 60, 3)).toBe(all);
});

test('the table and the scores file', () => {
  const evaluation = evaluate(
    { in: [1, 2, 3], out: { shapes: [2.5, 4] } },
    { groups: { seen: ['shapes'] }, accuracy: 2 / 3 },
  );
  const table = resultsTable({ known: { set: 'digits', images: 3 }, evaluation, authors: {} });
  expect(table).toContain('Known: digits, 3 test images, accuracy 0.6667');
  expect(table).toMatch(/\| shapes +\| +2 \| 0\.8333 \[0\.\d{4}, \d\.\d{4}\] \|/);
  expect(table).toContain('seen (mean)');
  const csv = scoresCsv([
    { set: 'a', labels: Int32Array.of(1, -1), nearest: Int32Array.of(0, 2), scores: Float32Array.of(0.5, 2) },
  ]);
  expect(csv).toBe('set,index,label,nearest,score\na,0,1,0,0.5\na,1,-1,2,2\n');
});
