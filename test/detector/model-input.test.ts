import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, expect, test, vi } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, seededRandom, ShapeError } from 'tfjs-ood';
import { energy } from 'tfjs-ood/scorers';
import { embed, fitDetector, loadDetector, type Detector, type ModelInput } from 'tfjs-ood/detector';
import { defaultBlockSize } from '../../src/detector/input/default-block-size';
import { mapOf } from '../../src/detector/input/model-input';
import { shownRange } from '../../src/detector/input/shown-range';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { graphAfterHidden } from './graph-model';
import { free, inputs, layers, withWeights } from './layers-models';
import { node, placeholder, product } from './tfjs-graph';

const SHAPE = [40, 6, 6, 3] as const;
const random = seededRandom(4);
const bytes = Uint8Array.from({ length: 40 * 108 }, () => random.integer(256));
const images = { images: bytes, shape: SHAPE };
const labels = Array.from({ length: 40 }, (_, i) => i % 3);
const options = { scorer: energy(), alpha: 0.2 };

afterEach(() => vi.restoreAllMocks());

/** A model that tells the size of numbers; `before` are its first layers. */
const modelBehind = (...before: tfl.layers.Layer[]) =>
  withWeights(
    tfl.sequential({
      layers: [
        ...before,
        layers.conv2d({ ...(before.length === 0 && { inputShape: [6, 6, 3] }), filters: 4, kernelSize: 3 }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 3, name: 'last' }),
      ],
    }),
  );
const rescaling = (scale: number, offset: number) => layers.rescaling({ inputShape: [6, 6, 3], scale, offset });

/** Energies of the logits that the model itself gives for these numbers: -log of the sum of exp. */
async function energies(model: tfl.LayersModel, numbers: ArrayLike<number>, shape: readonly number[]) {
  const x = tf.tensor(Float32Array.from(numbers), [...shape], 'float32');
  const z = model.predict(x) as tf.Tensor;
  const logits = [...(await z.data())];
  tf.dispose([x, z]);
  return Array.from({ length: shape[0]! }, (_, i) => {
    const row = logits.slice(3 * i, 3 * i + 3);
    const largest = Math.max(...row);
    return -largest - Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  });
}

const scoresOf = async (detector: Detector, given: Parameters<Detector['predict']>[0]) =>
  (await detector.predict(given)).map(({ score }) => score);

/** The detector and the one that comes back from its file, both with the scores wanted. */
async function bothScore(
  model: tfl.LayersModel,
  detector: Detector,
  wanted: readonly number[],
  given: Parameters<Detector['predict']>[0] = images,
  input?: ModelInput,
) {
  const again = await loadDetector(model, detector.toBytes(), { scorer: energy(), ...(input && { input }) });
  for (const one of [detector, again]) {
    expectClose(await scoresOf(one, given), wanted, { absolute: 2e-4, relative: 1e-4 });
  }
  return again;
}

const maps: [string, ModelInput | undefined, (byte: number, channel: number) => number][] = [
  ['nothing', undefined, (x) => x / 255],
  ["'0..1'", '0..1', (x) => x / 255],
  ["'-1..1'", '-1..1', (x) => x / 127.5 - 1],
  ["'0..255'", '0..255', (x) => x],
  ['{ range }', { range: '-1..1' }, (x) => x / 127.5 - 1],
  ['scale and offset', { scale: 1 / 127, offset: -1 }, (x) => x / 127 - 1],
  ['scale alone', { scale: 2 }, (x) => 2 * x],
  [
    'a number for each channel',
    { scale: [1 / 58, 1 / 57, 1 / 59], offset: [-2.1, -2, -1.8] },
    (x, c) => x / [58, 57, 59][c]! + [-2.1, -2, -1.8][c]!,
  ],
  ['a function', (x) => tf.sub(1, tf.div(x, 255)), (x) => 1 - x / 255],
];

onEachBackend('what bytes become', () => {
  test.each(maps)('%s', async (_, input, map) => {
    const model = modelBehind();
    const detector = await fitDetector(model, { images, labels }, { ...options, ...(input && { input }) });
    const numbers = Float32Array.from(bytes, (byte, i) => map(byte, i % 3));
    const wanted = await energies(model, numbers, SHAPE);
    const again = await bothScore(model, detector, wanted, images, typeof input === 'function' ? input : undefined);
    const one = { data: bytes.slice(0, 108), dims: [6, 6, 3] };
    expectClose(await scoresOf(again, one), wanted.slice(0, 1), { absolute: 2e-4, relative: 1e-4 });
    // Numbers are what the model takes: the same, if they are what the bytes became.
    const floats = { data: numbers, shape: SHAPE };
    expectClose(await scoresOf(again, floats), wanted, { absolute: 2e-4, relative: 1e-4 });
    const { data } = await embed(model, images, { ...(input && { input }) });
    const direct = await embed(model, floats);
    expectClose(data, direct.data, { absolute: 2e-4, relative: 1e-4 });
    detector.dispose();
    again.dispose();
    free(model);
  });

  test.each([
    ['Rescaling(1/255)', () => [rescaling(1 / 255, 0)], '0..255'],
    ['Rescaling(1/127.5, -1)', () => [rescaling(1 / 127.5, -1)], '0..255'],
    ['Rescaling(2, -1)', () => [rescaling(2, -1)], '0..1'],
    ['Rescaling(0.5, 0.5)', () => [rescaling(0.5, 0.5)], '-1..1'],
    [
      'Rescaling behind others',
      () => [
        layers.zeroPadding2d({ inputShape: [4, 4, 3] }),
        layers.permute({ dims: [2, 1, 3] }),
        layers.rescaling({ scale: 1 / 255 }),
      ],
      '0..255',
    ],
    [
      'a nested model',
      () => [tfl.sequential({ layers: [rescaling(1 / 255, 0)] }) as unknown as tfl.layers.Layer],
      '0..255',
    ],
    ['Rescaling(0.3)', () => [rescaling(0.3, 0)], undefined],
    ['none', () => [], undefined],
  ] as [string, () => tfl.layers.Layer[], string | undefined][])('shown by a model: %s', async (_, before, range) => {
    const model = modelBehind(...before());
    expect(await shownRange(model)).toBe(range);
    free(model);
  });

  test('a model with Rescaling(1/255) first takes bytes as they are, and floats of 0..1 are refused', async () => {
    const model = modelBehind(rescaling(1 / 255, 0));
    const detector = await fitDetector(model, { images, labels }, options);
    const again = await bothScore(model, detector, await energies(model, bytes, SHAPE));
    const floats = { data: Float32Array.from(bytes, (byte) => byte / 255 - 0.5), shape: SHAPE };
    for (const one of [detector, again]) {
      const refused = one.predict(floats);
      await expect(refused).rejects.toThrow(ArgumentError);
      await expect(refused).rejects.toThrow('numbers from 0 to 255, which the model takes');
    }
    detector.dispose();
    again.dispose();
    free(model);
  });

  test('the option counts where the model shows another range, with one warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const model = modelBehind(rescaling(1 / 255, 0));
    const detector = await fitDetector(model, { images, labels }, { ...options, input: '0..1' });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toContain(
      'from 0 to 1 of pixels, but the model shows that it takes those from 0 to 255',
    );
    const numbers = Float32Array.from(bytes, (byte) => byte / 255);
    const again = await bothScore(model, detector, await energies(model, numbers, SHAPE));
    await embed(model, images, { input: '0..255' });
    expect(warn).toHaveBeenCalledTimes(1);
    detector.dispose();
    again.dispose();
    free(model);
  });

  test.each([
    ['x / 255', [['RealDiv', 'x', 'c255']], '0..255'],
    [
      'x * (1/127.5) - 1',
      [
        ['Mul', 'x', 'small'],
        ['Sub', 'x', 'one'],
      ],
      '0..255',
    ],
    [
      '(x - 127.5) * (1/127.5)',
      [
        ['Sub', 'x', 'half'],
        ['Mul', 'small', 'x'],
      ],
      '0..255',
    ],
    [
      '2 x + (-1)',
      [
        ['AddV2', 'x', 'x'],
        ['Sub', 'x', 'one'],
      ],
      undefined,
    ],
    [
      '2 x - 1',
      [
        ['Mul', 'x', 'two'],
        ['AddV2', 'minus', 'x'],
      ],
      '0..1',
    ],
    ['255 / x', [['RealDiv', 'c255', 'x']], undefined],
    ['1 - x', [['Sub', 'one', 'x']], undefined],
    ['x', [], undefined],
  ] as [string, string[][], string | undefined][])('shown by a graph: %s', async (_, ops, range) => {
    const scalar = (value: number) => ({ shape: [], values: [value] });
    const nodes = ops.map(([op, a, b], i) => {
      const before = i === 0 ? 'raw' : `op${i - 1}`;
      return node(
        `op${i}`,
        op!,
        [a, b].map((name) => (name === 'x' ? before : name!)),
      );
    });
    const model = await graphAfterHidden(
      [
        placeholder('pixels', [-1, 6, 6, 1]),
        node('raw', 'Identity', ['pixels']),
        ...nodes,
        node('end', 'MatMul', ['hidden', 'kernel'], product()),
      ],
      {
        images: node('images', 'Identity', [nodes.length > 0 ? `op${nodes.length - 1}` : 'raw']),
        constants: {
          c255: scalar(255),
          small: scalar(1 / 127.5),
          one: scalar(1),
          half: scalar(127.5),
          two: scalar(2),
          minus: scalar(-1),
        },
      },
    );
    expect(await shownRange(model)).toBe(range);
    model.dispose();
  });
});

onEachBackend('the range of the fit', () => {
  const asTensor = (map: (byte: number) => number, dtype: 'float32' | 'int32' = 'float32') =>
    tf.tensor4d(Array.from(bytes, map), [...SHAPE], dtype);

  test('bytes at the fit: tensors of 0..255 are refused, of 0..1 and black ones not', async () => {
    const model = modelBehind();
    const detector = await fitDetector(model, { images, labels }, options);
    const again = await loadDetector(model, detector.toBytes(), { scorer: energy() });
    const [large, whole, fine, black] = [
      asTensor((x) => x),
      asTensor((x) => x, 'int32'),
      asTensor((x) => x / 255),
      tf.zeros([2, 6, 6, 3]),
    ];
    const over = tf.fill([1, 6, 6, 3], 1.0009);
    const far = tf.fill([1, 6, 6, 3], 1.0011);
    const below = tf.tidy(() => tf.concat([fine, tf.fill([1, 6, 6, 3], -0.0011)]));
    for (const one of [detector, again]) {
      for (const given of [large, whole, { data: Float64Array.from(bytes), shape: SHAPE }]) {
        const refused = one.predict(given);
        await expect(refused).rejects.toThrow(ArgumentError);
        await expect(refused).rejects.toThrow(
          /numbers from 0 to 1, as at the fit .* got numbers from \d+ to 25\d at row 0$/,
        );
      }
      await expect(one.predict(below)).rejects.toThrow('got numbers from -0.0011 to -0.0011 at row 40');
      await expect(one.predict(far)).rejects.toThrow('got numbers from 1.0011 to 1.0011 at row 0');
      expect(await scoresOf(one, fine)).toHaveLength(40);
      expect(await scoresOf(one, black)).toHaveLength(2);
      expect(await scoresOf(one, over)).toHaveLength(1);
      one.dispose();
    }
    tf.dispose([large, whole, fine, black, over, far, below]);
    free(model);
  });

  test.each([
    ['0..1', (x: number) => x / 300, [0, 1]],
    ['-1..1', (x: number) => x / 150 - 0.8, [-1, 1]],
    ['0..255', (x: number) => x, [0, 255]],
    ['-300..210', (x: number) => 2 * x - 300, [-300, 210]],
  ] as [string, (x: number) => number, [number, number]][])('numbers at the fit: %s', async (name, map, range) => {
    const model = modelBehind();
    const known = asTensor(map);
    const detector = await fitDetector(model, { images: known, labels }, options);
    const about = JSON.parse(decodeSafetensors(detector.toBytes()).metadata.about!) as { input: { range: number[] } };
    expectClose(about.input.range, range, { absolute: 1e-6 });
    const outside = tf.fill([1, 6, 6, 3], range[1] + 0.002 * (range[1] - range[0]));
    await expect(detector.predict(outside)).rejects.toThrow('as at the fit');
    // Nobody said what becomes of bytes, where the numbers were not from 0 to 1.
    if (name === '0..1') expect(await detector.predict(images)).toHaveLength(40);
    else
      await expect(detector.predict(images)).rejects.toThrow('or say there by input what becomes of bytes), got bytes');
    detector.dispose();
    tf.dispose([known, outside]);
    free(model);
  });

  test('is looked at in the fit too, where it is said or shown', async () => {
    const model = modelBehind();
    const known = asTensor((x) => x);
    const asked = fitDetector(model, { images: known, labels }, { ...options, input: '-1..1' });
    await expect(asked).rejects.toThrow(/^fitDetector: images must be numbers from -1 to 1, .* at row 0$/);
    await expect(embed(model, known, { input: '-1..1' })).rejects.toThrow('embed: images must be numbers from -1 to 1');
    known.dispose();
    free(model);
  });

  test('is none of rows and spectrograms', async () => {
    const model = withWeights(tfl.sequential({ layers: [layers.dense({ inputShape: [5], units: 3, name: 'last' })] }));
    const rows = inputs([40, 5]);
    const large = tf.mul(rows, 1000);
    const detector = await fitDetector(model, { images: rows, labels }, options);
    expect(await detector.predict(large)).toHaveLength(40);
    detector.dispose();
    tf.dispose([rows, large]);
    free(model);
  });

  test('of a function: what it makes of black, white and the images', async () => {
    const model = modelBehind();
    const input = (x: tf.Tensor) => tf.mul(tf.div(x, 255), tf.sub(1, tf.div(x, 255))); // 0 at both ends, 1/4 between
    const detector = await fitDetector(model, { images, labels }, { ...options, input });
    const fine = tf.fill([1, 6, 6, 3], 0.2);
    const far = tf.fill([1, 6, 6, 3], 0.3);
    expect(await detector.predict(fine)).toHaveLength(1);
    await expect(detector.predict(far)).rejects.toThrow('got numbers from 0.3 to 0.3 at row 0');
    const file = detector.toBytes();
    await expect(loadDetector(model, file, { scorer: energy() })).rejects.toThrow(
      'input must be the function of pixels',
    );
    const again = await loadDetector(model, file, { scorer: energy(), input });
    expect(await again.predict(images)).toEqual(await detector.predict(images));
    tf.dispose([fine, far]);
    detector.dispose();
    again.dispose();
    free(model);
  });
});

onEachBackend('input with a size', () => {
  test('brings bytes and tensors of any size there; without it another size is refused', async () => {
    const model = modelBehind();
    const large = {
      images: Uint8Array.from({ length: 40 * 300 }, () => random.integer(256)),
      shape: [40, 10, 10, 3] as const,
    };
    await expect(fitDetector(model, { images: large, labels }, options)).rejects.toThrow(ShapeError);
    const input = { range: '-1..1', size: [6, 6] } as const;
    const detector = await fitDetector(model, { images: large, labels }, { ...options, input });
    const tensor = tf.tensor4d(
      Float32Array.from(large.images, (byte) => byte / 127.5 - 1),
      [...large.shape],
    );
    const scores = await scoresOf(detector, large);
    const again = await bothScore(model, detector, scores, tensor);
    // Of its own size an image is what it was.
    const numbers = Float32Array.from(bytes, (byte) => byte / 127.5 - 1);
    expectClose(await scoresOf(again, images), await energies(model, numbers, SHAPE), { absolute: 2e-4 });
    const unlike = [
      { data: bytes.slice(0, 108), shape: [6, 6, 3] },
      { data: large.images.slice(0, 300), shape: [10, 10, 3] },
    ];
    expectClose(await scoresOf(again, unlike), [(await scoresOf(again, images))[0]!, scores[0]!], { absolute: 2e-4 });
    const other = loadDetector(model, detector.toBytes(), { scorer: energy(), input: '0..1' });
    await expect(other).rejects.toThrow('loadDetector: input must be left out, or as at the fit');
    tensor.dispose();
    detector.dispose();
    again.dispose();
    free(model);
  });

  test("'contain' pads tensors with the black of their range", async () => {
    const model = modelBehind();
    const input = { range: '-1..1', size: [6, 6], fit: 'contain' } as const;
    const detector = await fitDetector(model, { images, labels }, { ...options, input });
    const white = tf.ones([1, 3, 6, 3]);
    const wanted = Float32Array.from({ length: 108 }, (_, i) => (i >= 18 && i < 72 ? 1 : -1));
    expectClose(await scoresOf(detector, white), await energies(model, wanted, [1, 6, 6, 3]), { absolute: 2e-4 });
    const bright = { data: new Uint8Array(54).fill(255), shape: [1, 3, 6, 3] };
    expectClose(await scoresOf(detector, bright), await scoresOf(detector, white), { absolute: 2e-4 });
    white.dispose();
    detector.dispose();
    free(model);
  });
});

test('files without an input load, and look at no range; a damaged one is refused', async () => {
  await tf.setBackend('cpu');
  const model = modelBehind();
  const detector = await fitDetector(model, { images, labels }, options);
  const { tensors, metadata } = decodeSafetensors(detector.toBytes());
  const { input, ...about } = JSON.parse(metadata.about!) as { input: object };
  const file = (changed: object) => encodeSafetensors(tensors, { ...metadata, about: JSON.stringify(changed) });
  const old = await loadDetector(model, file(about), { scorer: energy() });
  const large = tf.fill([1, 6, 6, 3], 9);
  expect(await old.predict(large)).toHaveLength(1);
  expect(await old.predict(images)).toEqual(await detector.predict(images));
  for (const change of [
    { range: [1, 0] },
    { range: ['a', 1] },
    { scale: null },
    { size: [6, 6] },
    { isSeen: 1 },
    { fit: 'crop' },
  ]) {
    const loaded = loadDetector(model, file({ ...about, input: { ...input, ...change } }), { scorer: energy() });
    await expect(loaded, JSON.stringify(change)).rejects.toThrow(FormatError);
  }
  large.dispose();
  detector.dispose();
  old.dispose();
  free(model);
});

test('metadata.json of Teachable Machine', async () => {
  await tf.setBackend('cpu');
  const model = modelBehind();
  const metadata = {
    tfjsVersion: '1.7.4',
    packageName: '@teachablemachine/image',
    labels: ['a', 'b', 'c'],
    imageSize: 224,
  };
  const detector = await fitDetector(model, { images, labels }, { ...options, metadata });
  const wanted = await energies(
    model,
    Float32Array.from(bytes, (byte) => byte / 127 - 1),
    SHAPE,
  );
  expectClose(await scoresOf(detector, images), wanted, { absolute: 2e-4 });
  expect(['a', 'b', 'c']).toContain((await detector.predict(images))[0]!.label);
  const named = await fitDetector(
    model,
    { images, labels },
    { ...options, metadata, classNames: ['x', 'y', 'z'], input: '0..1' },
  );
  expect(['x', 'y', 'z']).toContain((await named.predict(images))[0]!.label);
  const audio = await fitDetector(model, { images, labels }, { ...options, metadata: { wordLabels: ['d', 'e', 'f'] } });
  expect(['d', 'e', 'f']).toContain((await audio.predict(images))[0]!.label);
  expectClose(await scoresOf(audio, images), await scoresOf(named, images), { absolute: 1e-6 });
  const two = fitDetector(
    model,
    { images, labels },
    { ...options, metadata: { ...metadata, labels: ['a', 'b', 'c', 'd'] } },
  );
  await expect(two).rejects.toThrow('classNames must be 3 names, one for each column of the logits, got 4 names');
  for (const other of [{ labels: ['a'] }, { packageName: '@teachablemachine/image' }, [], 'metadata.json']) {
    const asked = fitDetector(model, { images, labels }, { ...options, metadata: other as object });
    await expect(asked).rejects.toThrow('metadata must be the parsed metadata.json of Teachable Machine');
  }
  for (const one of [detector, named, audio]) one.dispose();
  free(model);
});

test('the lines of ranges are those of the divisions, to the last bit', () => {
  for (const [name, line] of [
    ['0..1', (x: number) => x / 255],
    ['-1..1', (x: number) => x / 127.5 - 1],
  ] as const) {
    const { scale, offset } = mapOf(name) as { scale: number[]; offset: number[] };
    for (let x = 0; x < 256; x++) expect(Math.fround(x * scale[0]! + offset[0]!)).toBe(Math.fround(line(x)));
  }
});

test.each([
  [[100, 28, 28, 1], 'webgl', 64],
  [[100, 224, 224, 3], 'webgl', 6],
  [[100, 224, 224, 3], 'webgpu', 6],
  [[100, 224, 224, 3], 'wasm', 1],
  [[100, 224, 224, 3], 'cpu', 1],
  [[3, 2000, 3000, 3], 'webgl', 1],
  [[0, 0, 5, 3], 'wasm', 64],
])('blocks of %j on %s: %i', (shape, backend, size) => {
  expect(defaultBlockSize(shape, backend)).toBe(size);
});
