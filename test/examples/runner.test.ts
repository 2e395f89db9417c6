import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { auroc } from 'tfjs-ood';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawDigits, drawLetters, drawShapes } from '../../examples/svhn-cifar10/drawn-images';
import { classesOf } from '../../examples/runner/classes-of';
import { evenContrast } from '../../examples/runner/even-contrast';
import { groupsOf, meanAndDeviation, pairedTests, resultOf } from '../../examples/runner/results';
import { comparisonOf, timesOf } from '../../examples/runner/tables';
import { shiftedViews } from '../../examples/runner/shifted-views';
import type { StrangeSet } from '../../examples/runner/experiment';

const images = { images: new Uint8Array(12), shape: [1, 2, 2, 3] as const };
const out: StrangeSet[] = [
  { name: 'a', kind: 'novelty', seen: true, images },
  { name: 'b', kind: 'novelty', seen: false, images },
  { name: 'c', kind: 'anomaly', seen: false, images },
  { name: 'd', kind: 'anomaly', seen: false, images },
];

describe('the parts of the runner', () => {
  test('mean and standard deviation over seeds', () => {
    const { mean, deviation } = meanAndDeviation([1, 2, 4]);
    expect(mean).toBeCloseTo(7 / 3, 12);
    expect(deviation).toBeCloseTo(Math.sqrt(7 / 3), 12);
    expect(meanAndDeviation([5])).toEqual({ mean: 5, deviation: undefined });
  });

  test('sets go into groups of seen and unseen novelty and anomaly', () => {
    expect(groupsOf(out)).toEqual({ 'seen novelty': ['a'], 'unseen novelty': ['b'], 'unseen anomaly': ['c', 'd'] });
  });

  const scoredOf = (shift: number) => ({
    scorer: 's',
    accuracy: 0.5,
    known: Float64Array.of(0.1, 0.3, 0.2, 0.4, 0.15, 0.35),
    out: Object.fromEntries(
      out.map(({ name }, i) => [name, Float64Array.of(0.2, 0.3, 0.5, 0.25).map((v) => v + shift + i / 100)]),
    ),
  });

  test('the table has a row for each method and scorer, over its seeds', () => {
    const results = [0, 0.1].map((shift, i) =>
      resultOf(scoredOf(shift), out, { method: 'odm', seed: i + 1, trainSeconds: 3 + i, cpuSeconds: 2 }),
    );
    expect(timesOf([...results, ...results])).toBe(
      'Seconds of a training: median 4, at most 4; CPU seconds: median 2, at most 2.\n',
    );
    const table = comparisonOf(results, out, { odm: 'ODM' });
    const aurocs = [0, 0.1].map((shift) => auroc(scoredOf(shift).known, scoredOf(shift).out.a!));
    const { mean, deviation } = meanAndDeviation(aurocs);
    expect(table.split('\n')[0]).toBe(
      '| method | scorer | seeds | accuracy | AUROC unseen anomaly | AUROC a | AUROC b | AUROC c | AUROC d |',
    );
    expect(table).toContain(`| ODM | s | 2 | 0.5000 ± 0.0000 |`);
    expect(table).toContain(`${mean.toFixed(4)} ± ${deviation!.toFixed(4)}`);
  });

  test('paired tests: the first method less the other, seed by seed', () => {
    const all = [1, 2].flatMap((seed) => [
      { method: 'odm', seed, scored: scoredOf(1) },
      { method: 'other', seed, scored: scoredOf(0) },
    ]);
    const [test1] = pairedTests(all, 'odm', ['b']);
    const expected = 1 - auroc(scoredOf(0).known, scoredOf(0).out.b!);
    expect(test1).toMatchObject({ method: 'other', set: 'b', seeds: 2, behind: 0 });
    expect(test1!.difference).toBeCloseTo(expected, 12);
  });

  test('views are the image and its eight moves, with the pixels of the border where nothing was', () => {
    const grey = { images: Uint8Array.from({ length: 12 }, (_, i) => i), shape: [1, 3, 4, 1] as const };
    expect(shiftedViews(grey, 0)).toEqual([grey]);
    const views = shiftedViews(grey, 1).map(({ images }) => Array.from(images));
    expect(views).toHaveLength(9);
    expect(new Set(views.map(String)).size).toBe(9);
    expect(views[0]).toEqual(Array.from(grey.images));
    expect(views).toContainEqual([0, 0, 1, 2, 4, 4, 5, 6, 8, 8, 9, 10]); // to the right
    expect(views).toContainEqual([5, 6, 7, 7, 9, 10, 11, 11, 9, 10, 11, 11]); // up and to the left
  });

  test('classes by their place in the list; contrast made even', () => {
    const digits = drawDigits(40, 1);
    const some = classesOf(digits, [7, 2], (row) => row >= 10);
    expect(Array.from(some.labels)).toEqual([1, 0, 1, 0, 1, 0]);
    expect(some.images.slice(0, 3072)).toEqual(digits.images.slice(12 * 3072, 13 * 3072));
    const even = evenContrast(digits);
    for (let n = 0; n < 3; n++) {
      const pixels = Array.from(even.images.subarray(n * 3072, (n + 1) * 3072));
      const mean = pixels.reduce((a, b) => a + b) / 3072;
      expect(Math.abs(mean - 128)).toBeLessThan(12); // clipped at both ends
    }
  });
});

describe('the folder experiment, on folders drawn here', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  let home: string;
  const writeAll = async (
    folder: string,
    set: { images: Uint8Array; shape: readonly number[] },
    names: (i: number) => string,
  ) => {
    for (let i = 0; i < set.shape[0]!; i++) {
      const file = join(home, folder, names(i));
      await mkdir(join(file, '..'), { recursive: true });
      const raw = { width: 32, height: 32, channels: 3 } as const;
      await sharp(set.images.slice(i * 3072, (i + 1) * 3072), { raw })
        .png()
        .toFile(file);
    }
  };
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'tfjs-ood-folder-'));
    const digits = drawDigits(200, 1);
    await writeAll('known', classesOf(digits, [0, 1, 2, 3, 4]), (i) => `${i % 5}/${i}.png`);
    await writeAll('novel', classesOf(digits, [6, 7, 8]), (i) => `class ${i % 3}/${i}.png`);
    await writeAll('other', drawShapes(20, 2), (i) => `${i}.png`);
    await writeAll('other/letters', drawLetters(10, 3), (i) => `${i}.png`);
    await writeFile(join(home, 'known/0/broken.png'), 'no image');
  }, 60_000);
  afterAll(() => rm(home, { recursive: true, force: true }));
  const run = (...more: string[]) => {
    const own = ['--data', join(home, 'known'), '--novel', join(home, 'novel'), '--anomaly', join(home, 'other')];
    const args = ['--import', 'tsx', 'examples/folder/main.ts', ...own, '--out', join(home, 'run'), ...more];
    return promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 24 });
  };

  test('a bad file stops it, with its name, and is counted with --skip-bad', { timeout: 240_000 }, async () => {
    const failed = await run('--steps', '10').then(
      () => '',
      (error: { stderr: string; code: number }) => `${error.code}: ${error.stderr}`,
    );
    expect(failed).toMatch(/^1: readClassFolders: .*broken\.png must be a whole JPEG or PNG image/);
    const first = await run('--skip-bad', '--steps', '20', '--seeds', '2', '--methods', 'odm,cross-entropy');
    expect(first.stdout).toContain('Skipped: 1 files.');
    expect(first.stdout).toContain('Seen in training: class 0; the other novel classes were not.');
    expect(first.stdout).toMatch(/\| ODM \| class mean \| 2 \| 0\.\d{4} ± /);
    for (const scorer of ['MSP', 'ODIN', 'energy', 'Mahalanobis', 'kNN']) {
      expect(first.stdout).toContain(`| cross-entropy | ${scorer} | 2 |`);
    }
    const results = JSON.parse(await readFile(join(home, 'run/results.json'), 'utf8')) as {
      evaluation: { sets: object };
    }[];
    expect(results).toHaveLength(2 + 2 * 5);
    expect(Object.keys(results[0]!.evaluation.sets)).toEqual(['novel, seen', 'novel', 'anomaly', 'noise']);
    // Another method joins what is there already: no training comes twice.
    const before = await readFile(join(home, 'run/odm-1/scores.json'), 'utf8');
    const second = await run('--skip-bad', '--steps', '20', '--seeds', '2', '--methods', 'odm,confidence');
    expect(second.stdout).toContain('| confidence loss | MSP | 2 |');
    expect(await readFile(join(home, 'run/odm-1/scores.json'), 'utf8')).toBe(before);
    expect(second.stdout).not.toContain('odm, seed 1');
  });
});
