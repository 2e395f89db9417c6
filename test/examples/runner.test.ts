import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { auroc, classBalancedBatches, seededRandom } from 'tfjs-ood';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawDigits, drawLetters, drawShapes } from '../../examples/svhn-cifar10/drawn-images';
import { digits, digitsByOptions } from '../../examples/digits/digits';
import { folder } from '../../examples/folder/folder';
import { namesAmong, whole } from '../../examples/runner/arguments';
import { classesOf } from '../../examples/runner/classes-of';
import { evenContrast } from '../../examples/runner/even-contrast';
import { groupsOf, meanAndDeviation, pairedTests, resultOf } from '../../examples/runner/results';
import { comparisonOf, timesOf } from '../../examples/runner/tables';
import { checkSettings } from '../../examples/runner/settings';
import { shiftedViews } from '../../examples/runner/shifted-views';
import { balanced } from '../../examples/runner/train';
import { trainingSettings } from '../../examples/runner/training-settings';
import { KNOWN, NOVEL, SEEN, training as signs } from '../../examples/traffic-signs/traffic-signs';
import type { StrangeSet } from '../../examples/runner/experiment';

const images = { images: new Uint8Array(12), shape: [1, 2, 2, 3] as const };
const out: StrangeSet[] = [
  { name: 'a', kind: 'novelty', seen: true, images },
  { name: 'b', kind: 'novelty', seen: false, images },
  { name: 'c', kind: 'anomaly', seen: false, images },
  { name: 'd', kind: 'anomaly', seen: false, images },
];

describe('the parts of the runner', () => {
  test('a count and names of the command line', () => {
    expect([whole('1'), whole('20')]).toEqual([1, 20]);
    for (const text of ['0', '-1', '1.5', 'x', ''])
      expect(() => whole(text)).toThrow('Expected a whole number from 1.');
    const parse = namesAmong(['odm', 'energy']);
    expect([parse('odm'), parse('energy, odm')]).toEqual([['odm'], ['energy', 'odm']]);
    for (const text of ['odm,msp', 'ODM', '', 'odm,'])
      expect(() => parse(text)).toThrow('Expected names among odm, energy.');
  });

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
      '| method | scorer | seeds | accuracy | AUROC unseen anomaly | AUROC a (seen novelty) | AUROC b (unseen novelty) | AUROC c | AUROC d |',
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

  test('paired tests count who is ahead, by the first scorer of the first method', () => {
    const random = seededRandom(2);
    const normal = (mean: number) => Float64Array.from({ length: 200 }, () => mean + random.normal());
    const scored = (scorer: string, mean: number) => ({
      scorer,
      accuracy: 1,
      known: normal(0),
      out: { a: normal(mean), b: normal(-mean) },
    });
    const all = [1, 2].flatMap((seed) => [
      { method: 'first', seed, scored: scored('strong', 3) },
      { method: 'first', seed, scored: scored('weak', 0) },
      { method: 'second', seed, scored: scored('only', 1) },
    ]);
    const [a, b, ...more] = pairedTests(all, 'first', ['a', 'b']);
    expect(more).toEqual([]);
    expect(a).toMatchObject({ method: 'second', scorer: 'only', set: 'a', ahead: 2, behind: 0, seeds: 2 });
    expect(b).toMatchObject({ set: 'b', ahead: 0, behind: 2, seeds: 2 });
    const means = [0, 3].map((k) => [all[k]!, all[k + 2]!].map(({ scored }) => auroc(scored.known, scored.out.a)));
    const difference = (means[0]![0]! - means[0]![1]! + means[1]![0]! - means[1]![1]!) / 2;
    expect(a!.difference).toBeCloseTo(difference, 12);
  });

  test('balanced batches have as many rows and steps with OoD images as without', () => {
    const labels = Int32Array.from({ length: 400 }, (_, i) => (i % 5) - 1);
    for (const [rowsPerClass, stepsPerEpoch] of [
      [4, 0],
      [7, 0],
      [10, 12],
      [2, 0],
      [60, 0],
    ]) {
      const training = { ...signs, rowsPerClass: rowsPerClass!, stepsPerEpoch: stepsPerEpoch! };
      const [withOod, without] = [true, false].map((seesOod) => {
        const batches = classBalancedBatches(labels, { ...balanced(labels, { seesOod }, training), seed: 1 });
        return { batches, rows: batches.next().labels };
      });
      expect(withOod!.rows).toHaveLength(64);
      expect(64 - without!.rows.length).toBeLessThan(4); // of four classes less than a row of each
      expect(withOod!.rows.filter((label) => label < 0).length).toBeGreaterThan(12);
      expect(withOod!.batches.stepsPerEpoch).toBe(without!.batches.stepsPerEpoch);
    }
  });

  test('no class of signs has two parts, and the settings of the experiments are possible', () => {
    expect([KNOWN.length, SEEN.length, NOVEL.length]).toEqual([22, 11, 10]);
    expect(new Set([...KNOWN, ...SEEN, ...NOVEL]).size).toBe(43);
    for (const training of [signs, digits.training]) expect(checkSettings(trainingSettings, training)).toBe(training);
  });

  test('views are the image and its eight moves, with the pixels of the border where nothing was', () => {
    const gray = { images: Uint8Array.from({ length: 12 }, (_, i) => i), shape: [1, 3, 4, 1] as const };
    expect(shiftedViews(gray, 0)).toEqual([gray]);
    const views = shiftedViews(gray, 1).map(({ images }) => Array.from(images));
    expect(views).toHaveLength(9);
    expect(new Set(views.map(String)).size).toBe(9);
    expect(views[0]).toEqual(Array.from(gray.images));
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

const data = fileURLToPath(new URL('../../../shared/data', import.meta.url));
test.skipIf(!existsSync(data))('digits: noise among the seen images, and the tests stay as they are', async () => {
  const [plain, noisy] = await Promise.all(
    [{}, { noiseSeen: 3 }].map(async (more) => (await digitsByOptions.choose({ seed: 1, ...more })).load(data)),
  );
  const [count] = plain!.seenTrain.shape;
  expect(noisy!.seenTrain.shape).toEqual([count + 3, 28, 28, 1]);
  const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0; // toEqual takes minutes
  expect(equal(noisy!.seenTrain.images.subarray(0, count * 784), plain!.seenTrain.images)).toBe(true);
  const noise = noisy!.seenTrain.images.slice(count * 784);
  for (let quarter = 0; quarter < 4; quarter++) {
    const share = noise.filter((pixel) => pixel >> 6 === quarter).length / noise.length;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.05); // even, unlike a digit, or normal noise with its ends
  }
  noisy!.out.forEach(({ name, images }, i) => {
    expect(name).toBe(plain!.out[i]!.name);
    expect(equal(images.images, plain!.out[i]!.images.images)).toBe(true);
  });
});

describe('the folder experiment, on folders drawn here', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  let home: string;
  const writeAll = async (
    place: string,
    set: { images: Uint8Array; shape: readonly number[] },
    names: (i: number) => string,
  ) => {
    for (let i = 0; i < set.shape[0]!; i++) {
      const file = join(home, place, names(i));
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
    for (const file of ['known/0/broken.png', 'novel/class 1/broken.png', 'other/broken.png', 'known/1/x.webp']) {
      await writeFile(join(home, file), 'no image');
    }
    const plain = (height: number, width: number) =>
      sharp({ create: { height, width, channels: 3, background: 'green' } }).png();
    await plain(20, 40).toFile(join(home, 'known/1/odd.png'));
    await plain(100, 100).toFile(join(home, 'other/odd.png'));
    for (const [place, size, count] of [
      ['large/a', 100, 3],
      ['single/a', 32, 3],
      ['single/b', 32, 1],
    ] as const) {
      await mkdir(join(home, place), { recursive: true });
      for (let i = 0; i < count; i++) await plain(size, size).toFile(join(home, place, `${i}.png`));
    }
  }, 60_000);
  afterAll(() => rm(home, { recursive: true, force: true }));
  const run = (...more: string[]) => {
    const own = ['--data', join(home, 'known'), '--novel', join(home, 'novel'), '--anomaly', join(home, 'other')];
    const args = ['examples/run.mjs', 'folder', ...own, '--out', join(home, 'run'), ...more];
    return promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 24 });
  };

  test('an odd size, a size that nobody chose, a class of one image', async () => {
    const load = async (known: string, skipBad: boolean, size?: number) => {
      const data = join(home, known);
      const chosen = { seed: 1, data, novel: join(home, 'novel'), skipBad, ...(size !== undefined && { size }) };
      const { known: images } = await (await folder.choose(chosen)).load(data);
      return [images.train.shape, images.test.shape];
    };
    await rename(join(home, 'known/0/broken.png'), join(home, 'broken.png'));
    try {
      await expect(load('known', false)).rejects.toThrow(
        /--data: .*odd\.png must be an image of \[32, 32, 3\], as the first \(or give --size 32\), got \[20, 40, 3\]/,
      );
    } finally {
      await rename(join(home, 'broken.png'), join(home, 'known/0/broken.png'));
    }
    expect(await load('known', true, 16)).toEqual([
      [81, 16, 16, 3], // the odd one too
      [20, 16, 16, 3],
    ]);
    await expect(load('large', false)).rejects.toThrow(
      'folder: --size must be given where images are larger than 64 x 64, got images of 100 x 100',
    );
    expect(await load('large', true, 100)).toEqual([
      [2, 100, 100, 3], // chosen
      [1, 100, 100, 3],
    ]);
    await expect(load('single', true)).rejects.toThrow(
      /single must be two images of each class, to train with and to test with, got one of class b/,
    );
  });

  test('a bad file stops it, with its name, and is counted with --skip-bad', { timeout: 240_000 }, async () => {
    const failed = await run('--steps', '10').then(
      () => '',
      (error: { stderr: string; code: number }) => `${error.code}: ${error.stderr}`,
    );
    expect(failed).toMatch(/^1: readClassFolders: .*broken\.png must be a whole JPEG or PNG image/);
    const twice = ['--skip-bad', ...'--steps 12 --epochs 2 --evaluate-at-most 100 --seeds 2 --methods'.split(' ')];
    const first = await run(...twice, 'odm,cross-entropy');
    for (const file of ['known/0/broken', 'known/1/odd', 'novel/class 1/broken', 'other/broken', 'other/odd']) {
      expect(first.stdout).toContain(`Skipped ${join(home, file)}.png: expected`);
    }
    expect(first.stdout).toContain('Skipped: 5 files.');
    expect(first.stdout).toContain(`Not looked at: 1 files, ${join(home, 'known/1/x.webp')} for one.`);
    expect(first.stdout).toContain('Known: 80 training, 20 test images of 5 classes.');
    expect(first.stdout).toContain('ODM (class mean) less each other one, the same images:');
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
    const second = await run(...twice, 'odm,confidence', '--no-report');
    expect(second.stdout).toContain('| confidence loss | MSP | 2 |');
    expect(await readFile(join(home, 'run/odm-1/scores.json'), 'utf8')).toBe(before);
    expect(second.stdout).not.toContain('odm, seed 1');
  });
});
