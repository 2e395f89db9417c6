import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DetectorDescription } from 'tfjs-ood/detector';
import { modelFolder, readPictures } from 'tfjs-ood/node';
import { picturesFor } from '../../src/cli/input/open-detector';
import { knownPictures } from '../../src/cli/input/known-pictures';
import { readEach } from '../../src/cli/input/pictures';
import { pixelPlan } from '../../src/cli/input/pixel-input';
import { strangeSets } from '../../src/cli/input/strange-sets';
import type { Session } from '../../src/cli/session';
import { graphModel } from '../detector/graph-model';
import { temporaryFolder } from '../node/temporary-folder';
import { makeCliWorld } from '../package/consumer/make-cli-world.mjs';
import { cli } from './in-process';

const place = temporaryFolder();
let home = '';
const at = (...names: string[]) => join(home, ...names);
const asked = () => ['score', '--model', at('model'), '--detector', at('cat.detector')];

beforeAll(async () => {
  home = place();
  await makeCliWorld(home);
  await cli(['fit', '--model', at('model'), '--known', at('known'), '--out', at('cat.detector')]);
});

describe('exit codes', () => {
  test.each([
    [['help', 'score'], 0],
    [['score', '--help'], 0],
    [['--version'], 0],
    [[], 2],
    [['scor'], 2],
    [['score'], 2],
    [['score', '--modl', 'x'], 2],
    [['metrics', 'a.csv', '--confidence', '1'], 2],
    [['metrics', 'nowhere.csv', 'b.csv'], 1],
  ])('%j: %i', async ([...words], code) => expect((await cli(words)).code).toBe(code));

  test('a mistyped option has the nearest one, though required ones are missing too', async () => {
    const { err } = await cli(['fit', '--modl', 'x']);
    expect(err).toContain("unknown option '--modl'");
    expect(err).toContain('Did you mean --model?');
  });
});

describe('score', () => {
  test('one OoD picture is enough for exit code 3', async () => {
    const ended = await cli([...asked(), at('gray', '00.png'), at('fresh', 'red', '00.png'), '--fail-on-ood']);
    expect(ended.out).toContain('1 of 2 pictures are OoD, at a false-alarm rate of 5 %.');
    expect(ended.code).toBe(3);
  });

  test('--alpha is the rate of this call, in place of that of the fit', async () => {
    const words = [...asked(), at('fresh'), '--json'];
    const verdicts = async (...more: string[]) => {
      const { out } = await cli([...words, ...more]);
      return JSON.parse(out) as { alpha: number; verdicts: { isOod: boolean; pValue: number }[] };
    };
    const [usual, often] = [await verdicts(), await verdicts('--alpha', '0.5')];
    expect([usual.alpha, often.alpha]).toEqual([0.05, 0.5]);
    for (const { isOod, pValue } of often.verdicts) expect(isOod).toBe(pValue <= 0.5);
    const found = ({ verdicts: all }: typeof usual) => all.filter(({ isOod }) => isOod).length;
    expect(found(often)).toBeGreaterThan(found(usual) + 2);
    expect(found(often)).toBeLessThan(24);
  });

  test('pictures that were left out do not count', async () => {
    const { out } = await cli([...asked(), at('damaged.png'), at('gray', '00.png'), '--skip-bad']);
    expect(out).toContain('1 of 1 pictures are OoD');
  });

  test('--skip counts from the first, also after a second stop; more than there are is an error', async () => {
    const stop = new AbortController();
    const many = Array.from({ length: 4 }, () => at('gray')); // 48 pictures, in blocks of 32
    const out: string[] = [];
    const ended = await cli([...asked(), ...many, '--csv', '--skip', '2'], {}, stop.signal, (text) => {
      out.push(text);
      stop.abort(new Error('stopped'));
    });
    expect(ended.code).toBe(130);
    const done = Number(/go on with --skip (\d+)\./.exec(ended.err)?.[1]);
    expect(done).toBe(2 + 32);
    expect(out.join('').trim().split('\n')).toHaveLength(1 + 32);
    const beyond = await cli([...asked(), at('gray'), '--skip', '13']);
    expect([beyond.code, beyond.err]).toEqual([1, 'tfjs-ood: --skip: there are 12 pictures alone\n']);
  });
});

describe('pictures', () => {
  const silent = { signal: new AbortController().signal };

  /** 20 high, 40 wide: red, green and blue in three parts. */
  async function wide(): Promise<string> {
    const bars = ['red', 'lime', 'blue'].map(
      (color, i) => `<rect x="${i * 13}" width="14" height="20" fill="${color}"/>`,
    );
    const file = at('wide.png');
    await sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">${bars.join('')}</svg>`))
      .removeAlpha()
      .png()
      .toFile(file);
    return file;
  }

  test('fill squeezes, cover cuts the middle out, as readPictures does with a linear kernel', async () => {
    const file = await wide();
    const size = [10, 10] as const;
    for (const resize of ['fill', 'cover'] as const) {
      const { images, shape } = await readEach([file], { size, resize, channels: 3 }, silent);
      const wanted = await readPictures([file], { size, fit: resize, kernel: 'linear', channels: 3 });
      expect([shape, images]).toEqual([wanted.shape, wanted.images]);
      const [red, green] = images.subarray(6, 8); // the third pixel: of a fifth of the picture, or of where lime begins
      expect(red! > green!).toBe(resize === 'fill');
    }
  });

  test('a size is height x width', async () => {
    const { shape } = await readEach([await wide()], { size: [6, 9], resize: 'fill', channels: 3 }, silent);
    expect(shape).toEqual([1, 6, 9, 3]);
  });

  test('without a size all must be of one', async () => {
    const file = await wide();
    await expect(
      readEach([file, at('gray', '00.png')], { size: undefined, resize: 'fill', channels: 3 }, silent),
    ).rejects.toThrow(/00\.png is 12 x 12, and .*wide\.png 20 x 40: give --size/);
  });

  test('what a detector was fitted with is how pictures are read again', () => {
    const about = (fit: string) =>
      ({ around: 'model', imageShape: [12, 16, 3], input: { size: [12, 16], fit } }) as unknown as DetectorDescription;
    expect(picturesFor(about('cover'), 'x')).toEqual({ size: [12, 16], resize: 'cover', channels: 3 });
    expect(picturesFor(about('fill'), 'x')).toEqual({ size: [12, 16], resize: 'fill', channels: 3 });
    const outputs = { around: 'outputs', imageShape: undefined } as unknown as DetectorDescription;
    expect(() => picturesFor(outputs, 'mine')).toThrow('--detector: mine was not fitted on pictures');
  });

  test('too many for the memory are read in blocks, and then the order of the classes must be said', async () => {
    const files = Array.from({ length: 23 }, () => 'none.png'); // of 4096 x 4096 x 3 bytes: beyond 1 GiB
    const set = { option: '--known', name: 'many', files, labels: files.map(() => 'cat') };
    const said: string[] = [];
    const session = { ...silent, say: (text: string) => void said.push(text) } as unknown as Session;
    const size = { size: [4096, 4096], resize: 'fill', channels: 3 } as const;
    await expect(knownPictures(set, size, undefined, session)).rejects.toThrow(/--known: .*give --classes/);
    expect(Symbol.asyncIterator in (await knownPictures(set, size, ['cat'], session))).toBe(true);
    expect(said).toEqual(['--known: 23 pictures are read block by block.']);
  });
});

describe('what a model takes', () => {
  const opened = { size: [12, 12], channels: 3, metadata: undefined } as never;

  test('imagenet is (x / 255 - mean) / deviation of its channels', () => {
    const { scale, offset } = pixelPlan(opened, { input: 'imagenet' }).input as { scale: number[]; offset: number[] };
    const [mean, deviation] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ];
    for (const pixel of [0, 100, 255]) {
      for (const c of [0, 1, 2]) {
        expect(pixel * scale[c]! + offset[c]!).toBeCloseTo((pixel / 255 - mean[c]!) / deviation[c]!, 12);
      }
    }
  });

  test('the size is that of the model, and --resize goes along', () => {
    expect(pixelPlan(opened, { resize: 'cover' })).toEqual({
      pictures: { size: [12, 12], resize: 'cover', channels: 3 },
      input: { size: [12, 12], fit: 'cover' },
    });
    expect(() => pixelPlan(opened, { size: [12, 13] })).toThrow('--size: the model takes 12 x 12, and no 12 x 13');
  });

  test('an ONNX model takes channels first or last, as its input or --layout says', async () => {
    const model = join(import.meta.dirname, '../../examples/onnx-features/digits.onnx');
    const fit = ['fit', '--model', model, '--known', at('yellow'), '--scorer', 'energy', '--alpha', '0.3'];
    const right = await cli([...fit, '--out', at('digits.detector')]);
    expect([right.code, right.err]).toEqual([0, '']);
    const wrong = await cli([...fit, '--out', at('no.detector'), '--layout', 'nhwc']);
    expect(wrong.code).toBe(1);
  });

  test('a GraphModel of gray pictures: fitted, scored and evaluated', async () => {
    const graph = await graphModel();
    await graph.save(modelFolder(at('graph')));
    graph.dispose();
    const model = ['--model', at('graph'), '--backend', 'cpu'];
    const pictures = ['--known', at('known'), '--classes', 'blue,green,red', '--size', '6'];
    const fitted = await cli(['fit', ...model, ...pictures, '--out', at('graph.detector')]);
    expect(fitted).toMatchObject({ code: 0, err: '' });
    const { out, code } = await cli(['score', ...model, '--detector', at('graph.detector'), at('gray'), '--json']);
    expect([code, (JSON.parse(out) as { count: number }).count]).toEqual([0, 12]);
    const info = (await cli(['info', at('graph.detector')])).out;
    expect(info).toMatch(/^outputs +5 features, 3 logits$/m);
    expect(info).toMatch(/^takes +pictures made 6 x 6 /m);
  });
});

describe('sets of strange pictures', () => {
  test('are named after folders or as they are told, and no two the same', async () => {
    const sets = await strangeSets([at('gray'), `night=${at('yellow')}`]);
    expect(sets.map(({ name }) => name)).toEqual(['gray', 'night']);
    await mkdir(at('other'), { recursive: true });
    await cp(at('gray'), at('other', 'gray'), { recursive: true });
    await expect(strangeSets([at('gray'), at('other', 'gray')])).rejects.toThrow(/two sets are named gray/);
  });
});

test.each([
  ['nowhere', 'there is no folder nowhere'],
  ['known.csv', 'must be a folder, and .*known.csv is a file'],
  ['known.csv/deep', 'a part of .*known.csv.deep is a file, and no folder'],
  ['empty', 'which has none'],
  ['ppm', 'none \\(but 2 .ppm, 1 .txt\\)'],
])('--known %s: what is there', async (name, said) => {
  await writeFile(at('known.csv'), 'score\n1\n');
  const path = name === 'nowhere' ? name : at(name);
  const { code, err } = await cli(['fit', '--model', at('model'), '--known', path, '--out', at('no.detector')]);
  expect(code).toBe(1);
  expect(err).toMatch(new RegExp(`^tfjs-ood: --known: .*${said}`));
});
