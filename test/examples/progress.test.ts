import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { ArgumentError } from 'tfjs-ood';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digits } from '../../examples/digits/digits';
import { folder } from '../../examples/folder/folder';
import type { Sets } from '../../examples/runner/experiment';
import { foundAt, readGiven } from '../../examples/runner/given-folder';
import { methods } from '../../examples/runner/methods';
import { piecesOf } from '../../examples/runner/progress/cost';
import { durationText } from '../../examples/runner/progress/duration';
import { announcement, shareLeft, type PlannedTraining } from '../../examples/runner/progress/plan';
import { progressBar } from '../../examples/runner/progress/progress-bar';
import { stoppedText } from '../../examples/runner/progress/stopping';
import { drawsBars } from '../../examples/runner/progress/terminal';
import { wholeTime } from '../../examples/runner/progress/whole-time';
import { svhnCifar10 } from '../../examples/svhn-cifar10/svhn-cifar10';
import { trafficSigns } from '../../examples/traffic-signs/traffic-signs';

describe('time', () => {
  test.each([
    [0, '1 s'],
    [4.4, '4 s'],
    [33, '35 s'],
    [58, '1 min'],
    [719, '12 min'],
    [3599, '1 h'],
    [8400, '2 h 20 min'],
    [86_399, '1 d'],
    [273_600, '3 d 4 h'],
  ])('%d seconds in words: %s', (seconds, words) => expect(durationText(seconds)).toBe(words));

  test('left of the whole run: the estimate at first, then at the pace that was measured', () => {
    let now = 100;
    const time = wholeTime(600, () => now);
    expect(time.left()).toBe('10 min');
    now += 200;
    time.at(400, 0.25); // 100 s of the estimate took 200: 500 are left, at (200 + 5) / (100 + 5) of the pace
    expect(time.left()).toBe('16 min');
    time.finish(400);
    now += 600; // 200 left, at 805 / 405
    expect(time.left()).toBe('7 min');
    time.finish(200);
    expect(time.left()).toBe('1 s');
  });

  const planned = (method: string, seed: number, seconds: number): PlannedTraining => ({
    method: methods.find(({ name }) => name === method)!,
    seed,
    left: { training: seconds, evaluation: 0 },
    isFinished: seconds === 0,
  });
  const planOf = (trainings: PlannedTraining[]) => ({
    trainings,
    seconds: trainings.reduce((sum, { left }) => sum + left.training, 0),
  });

  test('is announced with what would be shorter', () => {
    const all = [1, 2, 3].flatMap((seed) => methods.map(({ name }) => planned(name, seed, 560)));
    expect(announcement(planOf(all))).toBe(
      '15 trainings, about 2 h 20 min; shorter: --seeds 1 --methods odm,cross-entropy',
    );
    const half = all.map((one, i) => (i < 5 ? planned(one.method.name, one.seed, 0) : one));
    expect(announcement(planOf(half))).toMatch(/^15 trainings, 5 of them finished; the rest takes about 1 h 35 min; /);
    expect(announcement(planOf([planned('odm', 1, 5000)]))).toBe('1 training, about 1 h 25 min');
    expect(announcement(planOf([planned('odm', 1, 20), planned('odm', 2, 20)]))).toBe('2 trainings, about 40 s');
  });

  test('of a training that was stopped is what its epochs leave', async () => {
    const home = await mkdtemp(join(tmpdir(), 'tfjs-ood-left-'));
    try {
      expect(await shareLeft(join(home, 'nowhere'), 4)).toBe(1);
      expect(await shareLeft(home, 4)).toBe(1);
      await writeFile(join(home, 'epochs.jsonl'), '{"epoch":1}\n{"epoch":2}\n{"epoch":3}\n');
      expect(await shareLeft(home, 4)).toBe(0.25);
      await writeFile(join(home, 'scores.json'), '{}');
      expect(await shareLeft(home, 4)).toBeUndefined();
    } finally {
      await rm(home, { recursive: true });
    }
  });

  test('of a training is its steps, of what follows its images', () => {
    const some = (count: number) => ({ images: new Uint8Array(count), shape: [count, 1, 1, 1] as [number, 1, 1, 1] });
    const labeled = (count: number) => ({
      ...some(count),
      labels: Int32Array.from({ length: count }, (_, i) => i % 10),
    });
    const sets: Sets = {
      known: { train: labeled(2000), test: labeled(500), classNames: [] },
      seenTrain: some(500),
      out: [500, 500, 30].map((count) => ({ name: `${count}`, kind: 'anomaly', seen: false, images: some(count) })),
    };
    const [odm, , crossEntropy] = methods;
    const training = { ...digits.training, epochs: 50, stepsPerEpoch: 4 };
    const cost = { step: 2, image: 0.001 };
    const about = { sets, evaluated: sets, tracked: 1000, seed: 1 };
    // 26 of 51 epochs are tracked: 0, 2, ..., 50
    expect(piecesOf(cost, odm!, training, about)).toEqual({ training: 400 + 26, evaluation: expect.closeTo(3.53, 9) });
    const views = { ...training, viewShift: 1, stepsPerEpoch: 0 };
    const { training: steps, evaluation } = piecesOf(cost, crossEntropy!, views, { ...about, tracked: 0 });
    expect(steps).toBe(50 * 31 * 2); // 2000 / 64 known images a step
    expect(evaluation).toBeCloseTo(3.53 * 13, 9); // nine views, and the gradients of ODIN
  });
});

describe('where nobody sees a bar', () => {
  test('a terminal alone has one', () => {
    expect(drawsBars({ isTTY: true }, 'xterm')).toBe(true);
    expect(drawsBars({ isTTY: true }, 'dumb')).toBe(false);
    expect(drawsBars({}, 'xterm')).toBe(false);
  });

  test('lines without any sign of control, the first and the last one too', () => {
    const lines: string[] = [];
    const bar = progressBar('Training odm', false, (line) => lines.push(line));
    for (let done = 10; done <= 100; done += 10) bar.update({ done, total: 100, left: '2 min', note: `step ${done}` });
    bar.stop();
    expect(lines).toEqual([
      'Training odm: 10 % | - images/s | 2 min left | step 10',
      expect.stringMatching(/^Training odm: 100 % \| \d+ images\/s \| 2 min left \| step 100$/),
    ]);
  });
});

test('what a stopped run says can be pasted into a shell', () => {
  const args = ['--data', 'my photos', '--in', "it's", '--seeds', '2'];
  expect(stoppedText({ words: 'training 2 of 5: odm, seed 1' }, 'runs/x', 'npm run experiment --', args)).toBe(
    'Stopped in training 2 of 5: odm, seed 1; all of it is kept in runs/x.\n' +
      `To go on: npm run experiment -- --data 'my photos' --in 'it'\\''s' --seeds 2`,
  );
  expect(stoppedText({}, 'runs/x', 'x', [])).toBe('Stopped before the first training.\nTo go on: x');
});

describe('folders that are given', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'tfjs-ood-given-'));
    for (const [place, files] of Object.entries({
      empty: [],
      'ppm/a': ['1.ppm', '2.ppm'],
      'ppm/b': ['3.PPM', 'list.csv', '.hidden'],
    })) {
      await mkdir(join(home, place), { recursive: true });
      for (const file of files) await writeFile(join(home, place, file), '');
    }
    await writeFile(join(home, 'ppm/README'), '');
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  test('are said to have what they have', async () => {
    expect(await foundAt(join(home, 'empty'))).toBe('an empty folder');
    expect(await foundAt(join(home, 'nowhere'))).toBe('nothing');
    expect(await foundAt(join(home, 'ppm/README'))).toBe('a file');
    expect(await foundAt(join(home, 'ppm'))).toBe('1 file, 2 folders (a, b) with 3 .ppm files, 1 .csv file');
    expect(await foundAt(join(home, 'ppm/b'))).toBe('1 .ppm file, 1 .csv file');
  });

  test('errors name the option, what is needed and what was found', async () => {
    const [empty, ppm] = ['empty', 'ppm'].map((name) => join(home, name)) as [string, string];
    const loaded = async (choose: typeof folder.choose, options: object) =>
      (await choose({ seed: 1, ...options })).load((options as { data?: string }).data);
    await expect(loaded(folder.choose, { data: ppm, novel: empty })).rejects.toThrow(
      `folder: --data must be a folder with folders of JPEG or PNG images, got ${ppm}: 1 file, 2 folders (a, b) with 3 .ppm files`,
    );
    const sizes = join(home, 'sizes');
    await mkdir(join(sizes, 'a'), { recursive: true });
    for (const side of [8, 9]) {
      await sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
        .png()
        .toFile(join(sizes, 'a', `${side}.png`));
    }
    await expect(loaded(folder.choose, { data: sizes, novel: sizes })).rejects.toThrow(
      /^folder: --data: .*9\.png must be an image of \[8, 8, 3\], as the first \(or give --size 32\), got \[9, 9, 3\]$/,
    );
    await expect(digits.load(empty)).rejects.toThrow(
      /^experiment: --data must be a folder with mnist .* and fashion-mnist .*, got .*: an empty folder$/,
    );
    await expect(loaded(trafficSigns.choose, { data: empty })).rejects.toThrow(
      /^experiment: --data must be a folder with gtsrb .* rooms and tiny_imagenet .*: an empty folder$/,
    );
    const choices = { data: empty, in: 'cifar10', seen: 'svhn' };
    await expect(loaded(svhnCifar10.choose, choices)).rejects.toThrow(
      /^experiment: --data must be a folder with CIFAR-10 .*, and SVHN .*, got .*: an empty folder$/,
    );
    await expect(loaded(svhnCifar10.choose, { ...choices, data: join(home, 'nowhere') })).rejects.toThrow(/: nothing$/);
  });

  test('other errors stay as they are', async () => {
    const damaged = new ArgumentError('readX', 'file', 'a whole image', 'half of one');
    await expect(readGiven('x', '--data', home, () => Promise.reject(damaged))).rejects.toBe(damaged);
    const own = new ArgumentError('x', '--seen', 'a folder', 'none');
    await expect(readGiven('x', '--data', home, () => Promise.reject(own))).rejects.toBe(own);
  });
});
