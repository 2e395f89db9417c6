import { existsSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeDetector, fitDetector, loadDetector, scorerMethods } from 'tfjs-ood/detector';
import { listPictures, modelFolder, readPictures } from 'tfjs-ood/node';
import { detectorToOnnx } from 'tfjs-ood/onnx';
import { nearestNeighbors } from 'tfjs-ood/scorers';
import { temporaryFolder } from '../node/temporary-folder';
import { makeCliWorld } from '../package/consumer/make-cli-world.mjs';
import { cli } from './in-process';

const place = temporaryFolder();
let home = '';
const at = (...names: string[]) => join(home, ...names);
const model = () => ['--model', at('model')];
const asked = () => [...model(), '--detector', at('cat.detector')];

interface Verdicts {
  count: number;
  found: number;
  verdicts: { file: string; label: string; score: number; pValue: number; isOod: boolean }[];
}

beforeAll(async () => {
  home = place();
  await makeCliWorld(home);
  const ended = await cli(['fit', ...model(), '--known', at('known'), '--out', at('cat.detector')]);
  expect(ended.err).toBe('');
  expect(ended.code).toBe(0);
});

describe('fit and score', () => {
  test('they are fitDetector and predict, of pictures as they are listed and read', async () => {
    const { files, labels, classNames } = await listPictures(at('known'));
    const known = { ...(await readPictures(files)), labels: Array.from(labels!, (label) => classNames![label]!) };
    const own = await tfl.loadLayersModel(modelFolder(at('model', 'model.json')));
    const detector = await fitDetector(own, known, { scorer: nearestNeighbors({ k: 10 }), seed: 1, alpha: 0.05 });
    const gray = await listPictures(at('gray'));
    const wanted = await detector.predict(await readPictures(gray.files));
    const { code, out } = await cli(['score', ...asked(), at('gray'), '--json']);
    const { verdicts, count, found } = JSON.parse(out) as Verdicts;
    expect(code).toBe(0);
    expect(verdicts.map(({ file }) => file)).toEqual(gray.files);
    expect(verdicts.map(({ pValue, label }) => [pValue, label])).toEqual(
      wanted.map(({ pValue, label }) => [pValue, label]),
    );
    verdicts.forEach(({ score }, i) => expect(score).toBeCloseTo(wanted[i]!.score, 5)); // the blocks differ
    expect([count, found]).toEqual([12, 12]);
    detector.dispose();
    own.dispose();
  });

  test('exit code 3 where a picture is OoD, and only if it is asked for', async () => {
    const ended = async (...words: string[]) => (await cli(['score', ...asked(), ...words])).code;
    expect(await ended(at('yellow'), '--fail-on-ood')).toBe(3);
    expect(await ended(at('yellow'))).toBe(0);
    expect(await ended(at('fresh', 'red'), '--fail-on-ood')).toBe(0);
  });

  test('what was skipped is what a stopped call had printed', async () => {
    const whole = (await cli(['score', ...asked(), at('gray'), '--csv'])).out.trim().split('\n');
    const rest = (await cli(['score', ...asked(), at('gray'), '--csv', '--skip', '5'])).out.trim().split('\n');
    expect(rest).toEqual([whole[0], ...whole.slice(6)]);
  });

  test('a bad picture ends it, or is left out by name', async () => {
    const words = ['score', ...asked(), at('damaged.png'), at('gray', '00.png')];
    const refused = await cli(words);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toContain(`${at('damaged.png')} must be a whole JPEG or PNG image`);
    const left = await cli([...words, '--skip-bad', '--csv']);
    expect(left.code).toBe(0);
    expect(left.err).toContain(`Left out: ${at('damaged.png')}`);
    expect(left.out.trim().split('\n')).toHaveLength(2);
  });

  test('on a terminal it has colors, unless NO_COLOR says no', async () => {
    const words = ['score', ...asked(), at('gray', '00.png')];
    expect((await cli(words, { isTerminal: true })).out).toContain('\u001b[31mOoD\u001b[39m');
    const plain = await cli(words, { isTerminal: true, env: { NO_COLOR: '1' } });
    expect(plain.out).not.toContain('\u001b');
    expect(plain.err).toContain('Scoring'); // a bar is no color
  });

  test('a stop says where, and leaves nothing behind', async () => {
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    const ended = await cli(['fit', ...model(), '--known', at('known'), '--out', at('no.detector')], {}, stop.signal);
    expect(ended.code).toBe(130);
    expect(ended.err).toBe('\nStopped: reading known, 0 of 120. Nothing was written; the same command begins anew.\n');
    expect(existsSync(at('no.detector'))).toBe(false);
    expect((await readdir(home)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('metadata.json beside a model names the classes, and keeps its numbers beside a size', async () => {
    const folder = at('teachable');
    await cp(at('model'), folder, { recursive: true });
    const labels = ['sky', 'grass', 'brick'];
    await writeFile(join(folder, 'metadata.json'), JSON.stringify({ packageName: '@teachablemachine/image', labels }));
    const [detector, words] = [
      at('tm.detector'),
      ['--known', at('fresh', 'red'), '--scorer', 'energy', '--alpha', '0.3'],
    ];
    const ended = await cli(['fit', '--model', folder, ...words, '--out', detector]);
    expect(ended).toMatchObject({ code: 0, err: 'metadata.json names the classes: sky, grass, brick.\n' });
    const { classNames, input } = describeDetector(new Uint8Array(await readFile(detector)));
    expect(classNames).toEqual(labels);
    expect(input).toMatchObject({ scale: [1 / 127], offset: [-1], size: [12, 12], fit: 'cover' });
  });
});

describe('evaluate, compare, info', () => {
  test('a sentence, a table and a page without paths', async () => {
    const words = ['--known', at('fresh'), '--strange', at('gray'), `more=${at('yellow')}`, '--report', at('page')];
    const ended = await cli(['evaluate', ...asked(), ...words]);
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^Finds most of gray \(12 of 12, .*finds most of more \(12 of 12/);
    const page = await readFile(at('page', 'report.html'), 'utf8');
    expect(page).toContain('cat.detector');
    expect(page).not.toContain(home);
    const again = await cli(['evaluate', ...asked(), ...words.slice(0, 5), '--no-report', '--json']);
    const { known, out } = JSON.parse(again.out) as { known: { accuracy: object }; out: { name: string }[] };
    expect(known.accuracy).toMatchObject({ of: 24 });
    expect(out.map(({ name }) => name)).toEqual(['gray', 'more']);
  });

  test('compare has the neighbors of fit among others', async () => {
    const words = ['--known', at('known'), '--strange', at('gray'), '--only', 'energy,nearest-neighbors', '--json'];
    const { scorers } = JSON.parse((await cli(['compare', ...model(), ...words])).out) as {
      scorers: { name: string; auroc: number }[];
    };
    expect(scorers.map(({ name }) => name).sort()).toEqual(['energy', 'nearest-neighbors']);
    expect(scorers.find(({ name }) => name === 'nearest-neighbors')!.auroc).toBeGreaterThan(0.9); // 0.1 of 50 neighbors
  });

  test('info says what is in the file', async () => {
    const { out } = await cli(['info', at('cat.detector')]);
    expect(out).toMatch(/^scorer +nearest-neighbors .*"k":10/);
    expect(out).toMatch(/^classes +blue, green, red$/m);
    expect(out).toMatch(/^takes +pictures made 12 x 12 \(fill\), pixel \* 0.003922 \+ 0$/m);
    const json = JSON.parse((await cli(['info', at('cat.detector'), '--json'])).out) as object;
    expect(json).toMatchObject({ kind: 'nearest-neighbors', cutPoints: { default: 0.05 }, around: 'model' });
  });
});

test('export is detectorToOnnx of the file', async () => {
  const ended = await cli(['export', '--detector', at('cat.detector'), '--out', at('cat.onnx')]);
  expect(ended.code).toBe(0);
  const own = await tfl.loadLayersModel(modelFolder(at('model')));
  const bytes = new Uint8Array(await readFile(at('cat.detector')));
  const detector = await loadDetector(own, bytes, { methods: scorerMethods });
  expect(Buffer.compare(await readFile(at('cat.onnx')), detectorToOnnx(detector))).toBe(0);
  detector.dispose();
  own.dispose();
});

describe('metrics, worked out by hand', () => {
  test.each([
    [['known.csv', 'svhn.csv'], 5 / 6], // of 3 x 2 pairs, 0.35 is below 0.4 alone
    [['both.csv', '--labels'], 5 / 6],
    [['both.csv', '--labels', 'label', '--ood-label', '2'], 3 / 4], // 0.4 against 0.1, 0.2, 0.35, 0.8
    [['known.csv', 'svhn.csv', '--higher-is-known'], 1 / 6],
  ])('%o', async ([...words], auroc) => {
    const files = words.map((word) => (word.endsWith('.csv') ? at(word) : word));
    const { out, code } = await cli(['metrics', ...files, '--json']);
    expect(code).toBe(0);
    const { sets } = JSON.parse(out) as { sets: Record<string, { auroc: { value: number } }> };
    expect(Object.values(sets)[0]!.auroc.value).toBeCloseTo(auroc, 12);
  });

  test.each([
    ['score\n1\n\nNaN\n', ", line 4: column score must be a finite number, got 'NaN'"],
    ['name,score\n"a\nb",1\nc,x\n', ", line 4: column score must be a finite number, got 'x'"],
    ['score\n0,5\n', ', line 2: must have 1 cells as the first line, got 2 (numbers have a decimal point'],
    ['score,name\n1,a\n2,"b\n3,c\n', ', line 3: a quote that opens there is never closed'],
    ['score;label\n0.1;0\n', ", line 2: column score;label must be a finite number, got '0.1;0' (commas stand between"],
    ['score\n', ': has a line of titles (score) and no other'],
    ['', ': has no lines'],
    ['a,b\n1,2\n', ': has no column score; there are a, b (--column chooses)'],
  ])('%j: what is wrong is named by its line', async (text, said) => {
    await writeFile(at('hole.csv'), text);
    const { err, code } = await cli(['metrics', at('hole.csv'), at('known.csv')]);
    expect(code).toBe(1);
    expect(err).toContain(`${at('hole.csv')}${said}`);
  });

  test.each([
    [['known.csv', 'svhn.csv', '--labels'], '--labels: is for one file, and 2 are given'],
    [['known.csv', 'svhn.csv', '--ood-label', '1'], '--ood-label: belongs to --labels'],
    [['known.csv'], 'the scores: give a file with scores of the known and one of OoD'],
    [['both.csv', '--labels', '--ood-label', 'x'], '--ood-label: must be a number'],
  ])('%o is wrong usage', async ([...words], said) => {
    const { err, out, code } = await cli([
      'metrics',
      ...words.map((word) => (word.endsWith('.csv') ? at(word) : word)),
    ]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });

  test('sets of one name, and labels of one kind, are refused', async () => {
    const named = await cli(['metrics', at('known.csv'), at('svhn.csv'), at('svhn.csv')]);
    expect([named.code, named.err]).toEqual([1, expect.stringContaining('two files are named svhn')]);
    const none = await cli(['metrics', at('both.csv'), '--labels', '--ood-label', '7']);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('no label is 7')]);
  });
});
