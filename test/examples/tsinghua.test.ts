import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { fourths, tsinghuaSets } from '../../examples/traffic-signs/tsinghua';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SIDE = 240;
const CLASSES = ['i2', 'i4', 'il60', 'p11', 'pl40', 'pl50', 'pn', 'w57'];

/** A street: a gray slope, and on it signs of one color a class with a ring around. */
function street(signs: readonly { label: number; left: number; top: number; side: number }[]): Uint8Array {
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => 60 + (Math.floor(i / 3 / SIDE) % 120));
  for (const { label, left, top, side } of signs) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const far = Math.hypot(x - side / 2, y - side / 2) / (side / 2);
        if (far > 1) continue;
        const color = far > 0.7 ? [255, 255, 255] : [30 * label, 255 - 30 * label, (90 * label) % 256];
        pixels.set(color, ((top + y) * SIDE + left + x) * 3);
      }
    }
  }
  return pixels;
}

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tfjs-ood-tsinghua-'));
  const home = join(data, 'tsinghua');
  const random = seededRandom(1);
  const imgs: Record<string, object> = {};
  for (let id = 0; id < 36; id++) {
    const part = id < 24 ? 'train' : 'test';
    const signs = [0, 1].map((half) => ({
      label: (2 * id + half) % CLASSES.length,
      left: 20 + 110 * half,
      top: 10 + random.integer(120),
      side: 24 + random.integer(40),
    }));
    await mkdir(join(home, part), { recursive: true });
    const picture = sharp(street(signs), { raw: { width: SIDE, height: SIDE, channels: 3 } });
    await picture.jpeg({ quality: 95 }).toFile(join(home, part, `${id}.jpg`));
    const objects = signs.map(({ label, left, top, side }) => ({
      category: CLASSES[label],
      bbox: { xmin: left, ymin: top, xmax: left + side, ymax: top + side },
    }));
    imgs[id] = { id, path: `${part}/${id}.jpg`, objects };
  }
  await writeFile(join(home, 'annotations.json'), JSON.stringify({ types: CLASSES, imgs }));
});
afterAll(() => rm(data, { recursive: true }));

test('half of the classes are known, the anomaly is what lies beside the signs', async () => {
  const { known, seenTrain, out } = await tsinghuaSets(data, 6);
  expect(fourths(8)).toEqual({ known: [0, 1, 4, 5], seen: [2, 6], novel: [3, 7] });
  expect(known.classNames).toEqual(['i2', 'i4', 'pl40', 'pl50']);
  expect([known.train.shape[0], known.test.shape[0], seenTrain.shape[0]]).toEqual([24, 12, 12]);
  expect(out.map(({ name, kind, seen, images }) => [name, kind, seen, images.shape[0]])).toEqual([
    ['seen signs', 'novelty', true, 6],
    ['novel signs', 'novelty', false, 6],
    ['background', 'anomaly', false, 48],
    ['noise', 'anomaly', false, 1000],
  ]);
  await expect(tsinghuaSets(data, 7)).rejects.toThrow('leastSigns must be at most 6');
  await expect(tsinghuaSets(tmpdir(), 7)).rejects.toThrow('--data must be a folder with annotations.json');
});

test('the experiment runs on them', { timeout: 240_000 }, async () => {
  const run = (...more: string[]) =>
    promisify(execFile)(
      'npx',
      ['tsx', 'examples/traffic-signs/main.ts', '--data', data, '--in', 'tsinghua', '--least-signs', '6', ...more],
      { cwd: root },
    );
  const options = '--methods odm --seeds 1 --epochs 1 --steps-per-epoch 2 --no-report'.split(' ');
  await run(...options, '--out', join(data, 'out'));
  const table = await readFile(join(data, 'out', 'results.md'), 'utf8');
  expect(table).toMatch(/^\| novel signs +\| +6 \|/m);
  expect(table).toMatch(/^\| background +\| +48 \|/m);
  await expect(run('--validate', ...options)).rejects.toThrow('--validate must be given with --in gtsrb, got tsinghua');
});
