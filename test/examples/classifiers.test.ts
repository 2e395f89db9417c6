import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { scorerMethods } from 'tfjs-ood/detector';

const root = fileURLToPath(new URL('../..', import.meta.url));
const data = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const run = async (example: string, ...options: string[]) => {
  const args = ['tsx', `examples/${example}/main.ts`, ...options];
  return (await promisify(execFile)('npx', args, { cwd: root, maxBuffer: 2 ** 24 })).stdout;
};

describe.skipIf(!existsSync(data))('examples around a classifier, on real images', () => {
  test('mnist-classifier: every scorer in one table', { timeout: 300_000 }, async () => {
    const table = await run(
      'mnist-classifier',
      '--data',
      data,
      '--train',
      '5000',
      '--fit',
      '1000',
      '--test',
      '300',
      '--epochs',
      '2',
    );
    expect(Number(/accuracy (\d\.\d+)/.exec(table)![1])).toBeGreaterThan(0.85);
    const rows = [...table.matchAll(/^\| ([a-z-]+) +\| (\d\.\d+) \| (\d\.\d+) \| (\d\.\d+)/gm)];
    expect(rows.map(([, kind]) => kind)).toEqual(Object.keys(scorerMethods));
    for (const [, , auroc, fpr, alarms] of rows) {
      expect(Number(auroc)).toBeGreaterThan(0.3);
      expect(Number(fpr)).toBeLessThanOrEqual(1);
      expect(Number(alarms)).toBeLessThan(0.13); // 5 % were asked for, of 300 images and as many that calibrated
    }
    const aurocOf = (kind: string) => Number(rows.find(([, one]) => one === kind)![2]);
    expect(aurocOf('nearest-neighbors')).toBeGreaterThan(0.75);
    expect(aurocOf('energy')).toBeGreaterThan(0.85);
  });

  test('onnx-features: a detector on what another runtime computed', { timeout: 300_000 }, async () => {
    const text = await run('onnx-features', '--data', data, '--fit', '2000', '--test', '500');
    expect(Number(/accuracy (\d\.\d+)/.exec(text)![1])).toBeGreaterThan(0.95);
    expect(Number(/fashion-mnist +\| +500 \| (\d\.\d+)/.exec(text)![1])).toBeGreaterThan(0.8);
  });

  test(
    'graph-model: rooms against other pictures, on the features of a model from npm',
    { timeout: 300_000 },
    async () => {
      const text = await run('graph-model', '--data', data, '--fit', '120', '--test', '15', '--scorers', 'mahalanobis');
      expect(text).toContain('noise: the model says Neutral');
      expect(text).toMatch(/noise: .*unlike the site/);
      const row = /^\| mahalanobis +\| +(\d\.\d+) \| +(\d\.\d+) \| +(\d\.\d+)/m.exec(text)!;
      expect(Number(row[1])).toBeGreaterThan(0.8); // CIFAR-10
      expect(Number(row[2])).toBeGreaterThan(0.98); // MNIST
      expect(Number(row[3])).toBeGreaterThan(0.98); // noise
    },
  );
});

test('graph-model without data: made-up pictures', { timeout: 300_000 }, async () => {
  const text = await run('graph-model', '--fit', '40', '--test', '10', '--scorers', 'msp,vim');
  expect(text).toContain('No --data');
  expect(text).toContain('| AUROC lines | AUROC noise |');
  expect(Number(/^\| vim +\| +\d\.\d+ \| +(\d\.\d+)/m.exec(text)![1])).toBeGreaterThan(0.9);
});
