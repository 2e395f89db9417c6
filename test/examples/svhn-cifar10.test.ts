import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import { Command } from 'commander';
import { readImageList } from 'tfjs-ood/node';
import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import type { Training } from '../../examples/runner/experiment';
import { gaussianNoise } from '../../examples/runner/noise';
import { resultOf } from '../../examples/runner/results';
import { scoresCsv } from '../../examples/runner/run-training';
import { sample } from '../../examples/runner/sample';
import { addSettings, checkSettings } from '../../examples/runner/settings';
import { resultTable } from '../../examples/runner/tables';
import { scheduleOf } from '../../examples/runner/train';
import { trainingSettings } from '../../examples/runner/training-settings';
import { noiseCount, realSets } from '../../examples/svhn-cifar10/data';
import { drawDigits, drawLetters, drawShapes } from '../../examples/svhn-cifar10/drawn-images';
import { presets, presetSettings, type Preset } from '../../examples/svhn-cifar10/presets';
import { namedSets, networkOf } from '../../examples/svhn-cifar10/svhn-cifar10';
import { expectClose } from '../expect-close';

describe('presets', () => {
  test('all pass their own check', () => {
    for (const preset of Object.values(presets)) {
      expect(checkSettings(presetSettings, preset)).toBe(preset);
      expect(checkSettings(trainingSettings, preset.training)).toBe(preset.training);
    }
  });

  test("the paper's numbers", () => {
    expect(presets.paper.training).toMatchObject({
      batchSize: 1024,
      similarShare: 0.25,
      outShare: 0.25,
      outEvery: 2,
      margin: 10,
      power: 1,
      pairs: 'halves',
      epochs: 3000,
      learningRate: 1e-4,
      decayAfter: [151, 2251],
      decayFactor: 0.1,
      weightDecay: 1e-4,
    });
    const { width, denseSizes, batchNorm, dropout, resizeKernel } = presets.paper;
    expect([width, denseSizes, batchNorm, dropout, resizeKernel]).toEqual([1, [512, 512], false, 0.2, 'linear']);
    const model = networkOf(presets.paper)([32, 32, 3], 10, 1);
    expect(model.countParams()).toBe(9_935_434);
    model.dispose();
  });

  test('the rate falls as in the code of the authors, which lowers it at the end of epochs 150 and 2250', () => {
    const { training } = presets.paper;
    const rateIn = (own: Partial<Training>) => scheduleOf({ ...training, ...own } as Training);
    for (const factor of [0.1, 0.5]) {
      const factorIn = rateIn({ decayFactor: factor });
      let expected = 1;
      for (let epoch = 0; epoch < training.epochs; epoch++) {
        expectClose(factorIn(epoch), expected, { absolute: 1e-12 });
        if (epoch === 150 || epoch === 2250) expected *= factor;
      }
    }
    const { decayFactor, ...without } = training;
    expect([decayFactor, scheduleOf(without as Training)(151)]).toEqual([0.1, 0.1]);
  });

  test('noise is as many as known training images, unless its number is given', () => {
    const { shape, images } = drawDigits(7, 1);
    expect(presets.paper.noiseImages).toBe(0);
    expect([noiseCount(0, { shape, images }), noiseCount(3, { shape, images })]).toEqual([7, 3]);
  });

  test('sizes of dense layers come from the command line, two of them, and make the network', () => {
    const parse = (text: string) => {
      const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
      addSettings(program, presetSettings);
      const given = program.parse(['--dense-sizes', text], { from: 'user' }).opts();
      return checkSettings(presetSettings, { ...presets.drawn, ...given });
    };
    const model = networkOf(parse('1024,256'))([32, 32, 3], 10, 1);
    expect(['dense1', 'dense2'].map((name) => model.getLayer(name).outputShape)).toEqual([
      [null, 128], // an eighth of the width
      [null, 32],
    ]);
    model.dispose();
    for (const wrong of ['512', '512,0', '512,1.5', '512,512,512']) {
      expect(() => parse(wrong)).toThrow('experiment: --dense-sizes must be 2 whole numbers from 1, got');
    }
    expect(() => parse('512,x')).toThrow('Expected a number.');
  });

  test.each<[Partial<Training>, string]>([
    [{ batchSize: 2.5 }, 'experiment: --batch-size must be a whole number from 2 to 65536, got 2.5'],
    [{ pairs: 'some' as 'all' }, 'experiment: --pairs must be one of halves, all, got "some"'],
    [{ decayAfter: [0] }, 'experiment: --decay-after must be epochs, whole numbers from 1, or cosine, got [0]'],
  ])('refuses %j', (wrong, message) => {
    expect(() => checkSettings(trainingSettings, { ...presets.paper.training, ...wrong })).toThrow(message);
  });

  test('refuses a network or sets that cannot be', () => {
    const wrong: Partial<Preset> = { width: 0 };
    expect(() => checkSettings(presetSettings, wrong)).toThrow(
      'experiment: --width must be a number from 0.01 to 4, got 0',
    );
    expect(namedSets({ seed: 1, in: 'svhn', seen: 'cifar10' })).toEqual({
      inside: 'svhn',
      seen: [{ name: 'cifar10' }],
    });
    expect(() => namedSets({ seed: 1, seen: 'uniform,cifar10' })).toThrow(
      'experiment: --seen must be other sets than --in, got uniform,cifar10',
    );
    expect(() => namedSets({ seed: 1, in: 'mnist' })).toThrow(
      'experiment: --in must be one of cifar10, svhn, got mnist',
    );
  });
});

const data = fileURLToPath(new URL('../../../shared/data', import.meta.url));
test.skipIf(!existsSync(data))(
  'lists are resized by the kernel of the preset, noise as many as asked for',
  async () => {
    const { out } = await realSets('svhn', [{ name: 'cifar10' }], data, { noiseImages: 3, resizeKernel: 'linear' }, 1);
    const found = out.find(({ name }) => name === 'rooms')!.images;
    for (const [kernel, isSame] of [
      ['linear', true],
      ['cubic', false],
    ] as const) {
      const some = await readImageList(`${data}/rooms`, { size: [32, 32], limit: 20, kernel });
      expect(Buffer.compare(found.images.subarray(0, some.images.length), some.images) === 0).toBe(isSame);
    }
    expect(out.at(-1)!.images.shape).toEqual([3, 32, 32, 3]);
  },
);

describe('drawn images', () => {
  test('the same seed draws the same images, another seed others', () => {
    for (const draw of [drawDigits, drawLetters, drawShapes]) {
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
    const { images } = gaussianNoise(20, [32, 32, 3], seededRandom(1));
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
  const { images, shape, labels } = drawDigits(3, 1);
  const known = { name: 'digits', train: { images, shape, labels }, test: { images, shape, labels }, classNames: [] };
  const shapes = { name: 'shapes', kind: 'anomaly', seen: true, images: drawShapes(2, 1) } as const;
  const sets = { known, seenTrain: shapes.images, out: [shapes] };
  const scored = {
    scorer: 'class mean',
    accuracy: 2 / 3,
    known: Float64Array.of(1, 2, 3),
    out: { shapes: Float64Array.of(2.5, 4) },
  };
  const result = resultOf(scored, sets.out, { method: 'odm', seed: 1, trainSeconds: 1, cpuSeconds: 1 });
  expect(Object.keys(result.authors)).toEqual(['shapes']);
  // Scores below 0, as the energy's, have no place in the authors' metrics.
  const energy = {
    ...scored,
    scorer: 'energy',
    known: Float64Array.of(-3, -2, -1),
    out: { shapes: Float64Array.of(-4) },
  };
  expect(resultOf(energy, sets.out, { method: 'm', seed: 1, trainSeconds: 1, cpuSeconds: 1 }).authors).toEqual({});
  const table = resultTable(result, sets);
  expect(table).toContain('Known: digits, 3 test images, accuracy 0.6667');
  expect(table).toMatch(/\| shapes +\| +2 \| 0\.8333 \[0\.\d{4}, \d\.\d{4}\] \|/);
  expect(table).toContain('seen anomaly (mean)');
  const outputs = { data: new Float32Array(3), shape: [3, 1] as [number, number] };
  const answers = [
    { outputs, nearest: [0, 1, 5] },
    { outputs, nearest: [7, 9] },
  ];
  expect(scoresCsv(sets, { scorers: [scored], answers })).toBe(
    'set,index,label,nearest,score\ndigits,0,0,0,1\ndigits,1,1,1,2\ndigits,2,2,5,3\nshapes,0,-1,7,2.5\nshapes,1,-1,9,4\n',
  );
});
