import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, OodError, seededRandom, ShapeError } from 'tfjs-ood';
import { concatImages } from 'tfjs-ood/datasets';
import { energy } from 'tfjs-ood/scorers';
import { embed, fitDetector, loadDetector, type Detector, type ModelImages } from 'tfjs-ood/detector';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { graphModel } from './graph-model';
import { free, layers, withWeights } from './layers-models';

const COUNT = 30;
const SHAPE = [COUNT, 4, 5, 3] as const;
const SIZE = 60;
const random = seededRandom(8);
const bytes = Uint8Array.from({ length: COUNT * SIZE }, () => random.integer(256));
const shares = Float32Array.from(bytes, (byte) => byte / 255);
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
const options = { scorer: energy(), alpha: 0.2 };
const model = () =>
  withWeights(
    tfl.sequential({ layers: [layers.flatten({ inputShape: [4, 5, 3] }), layers.dense({ units: 3, name: 'last' })] }),
  );

/** Numbers as lists of lists. */
function nested(numbers: ArrayLike<number>, [first, ...rest]: readonly number[]): ModelImages {
  if (rest.length === 0) return Array.from(numbers);
  const size = numbers.length / first!;
  return Array.from({ length: first! }, (_, i) =>
    nested(Array.from(numbers).slice(i * size, (i + 1) * size), rest),
  ) as unknown as ModelImages;
}
const split = <T>(make: (row: number) => T): T[] => Array.from({ length: COUNT }, (_, row) => make(row));
const bytesOf = (row: number) => bytes.slice(row * SIZE, (row + 1) * SIZE);
const sharesOf = (row: number) => shares.slice(row * SIZE, (row + 1) * SIZE);
/** RGBA, as ImageData holds it. */
const pictureOf = (row: number) => ({
  width: 5,
  height: 4,
  data: Uint8ClampedArray.from({ length: 80 }, (_, i) =>
    i % 4 === 3 ? 255 : bytes[row * SIZE + 3 * (i >> 2) + (i % 4)]!,
  ),
});

/** All 30 images in every kind that there is; `one` is the first of them. */
const kinds: [string, () => ModelImages, () => ModelImages][] = [
  ['a tensor', () => tf.tensor4d(shares, [...SHAPE]), () => tf.tensor3d(sharesOf(0), [4, 5, 3])],
  [
    'a list of tensors',
    () => split((row) => tf.tensor3d(sharesOf(row), [4, 5, 3])),
    () => [tf.tensor3d(sharesOf(0), [4, 5, 3])],
  ],
  [
    '{ images: bytes, shape }',
    () => ({ images: bytes, shape: SHAPE }),
    () => ({ images: bytesOf(0), shape: [4, 5, 3] }),
  ],
  ['{ data: bytes, dims }', () => ({ data: bytes, dims: SHAPE }), () => ({ data: bytesOf(0), dims: [1, 4, 5, 3] })],
  [
    '{ images: Uint8ClampedArray }',
    () => ({ images: Uint8ClampedArray.from(bytes), shape: SHAPE }),
    () => ({ data: Uint8ClampedArray.from(bytesOf(0)), shape: [4, 5, 3] }),
  ],
  [
    '{ images: Float32Array }',
    () => ({ images: shares, shape: SHAPE }),
    () => ({ data: sharesOf(0), shape: [4, 5, 3] }),
  ],
  [
    '{ data: Float64Array }',
    () => ({ data: Float64Array.from(bytes, (byte) => byte / 255), shape: SHAPE }),
    () => ({ data: Float64Array.from(sharesOf(0)), dims: [4, 5, 3] }),
  ],
  ['nested arrays', () => nested(shares, SHAPE), () => nested(sharesOf(0), [4, 5, 3])],
  [
    'a list of bytes',
    () => split((row) => ({ data: bytesOf(row), shape: [4, 5, 3] })),
    () => [{ data: bytesOf(0), shape: [4, 5, 3] }],
  ],
  [
    'a list of floats',
    () => split((row) => ({ images: sharesOf(row), dims: [4, 5, 3] })),
    () => [{ images: sharesOf(0), dims: [4, 5, 3] }],
  ],
  ['pictures', () => split(pictureOf), () => pictureOf(0)],
];
const freeImages = (images: ModelImages) => tf.dispose(images as tf.TensorContainer);

onEachBackend('images of every kind', () => {
  test.each(kinds)('%s', async (_, all, one) => {
    const own = model();
    const x = tf.tensor4d(shares, [...SHAPE]);
    const z = own.predict(x) as tf.Tensor;
    const logits = await z.data();
    const wanted = split((row) => {
      const [a, b, c] = logits.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
      return -Math.log(Math.exp(a) + Math.exp(b) + Math.exp(c));
    });
    const [images, single] = [all(), one()];
    const detector = await fitDetector(own, { images, labels }, options);
    const again = await loadDetector(own, detector.toBytes(), { scorer: energy() });
    const scores = async (by: Detector, given: ModelImages) => (await by.predict(given)).map(({ score }) => score);
    for (const by of [detector, again]) {
      expectClose(await scores(by, images), wanted, { absolute: 1e-5 });
      expectClose(await scores(by, single), wanted.slice(0, 1), { absolute: 1e-5 });
      by.dispose();
    }
    for (const blockSize of [7, 64]) {
      const { data, shape } = await embed(own, images, { blockSize });
      expect(shape).toEqual([COUNT, 3]);
      expectClose(data, logits, { absolute: 1e-5 });
    }
    freeImages(images);
    freeImages(single);
    tf.dispose([x, z]);
    free(own);
  });

  test('what loaders return is known images as it is', async () => {
    const own = model();
    const part = { images: bytes, shape: SHAPE, labels };
    const detector = await fitDetector(own, part, options);
    const same = await fitDetector(own, { images: part, labels }, options);
    expect(detector.toBytes()).toEqual(same.toBytes());
    expect(detector.calibration).toEqual(same.calibration);
    expect(await detector.predict(concatImages([part, part]))).toHaveLength(2 * COUNT);
    const wrong = fitDetector(own, { ...part, labels: labels.slice(1) }, options);
    await expect(wrong).rejects.toThrow('labels must be 30 labels');
    detector.dispose();
    same.dispose();
    free(own);
  });

  test('NaN and numbers out of the range name the row, in lists and arrays too', async () => {
    const own = model();
    const detector = await fitDetector(
      own,
      { images: { images: bytes, shape: SHAPE }, labels },
      { ...options, blockSize: 4 },
    );
    for (const [value, kind] of [
      [NaN, NotFiniteError],
      [Infinity, NotFiniteError],
      [7, ArgumentError],
    ] as const) {
      const broken = shares.slice();
      broken[23 * SIZE + 5] = value;
      const rowOf = (row: number) => broken.slice(row * SIZE, (row + 1) * SIZE);
      const all: ModelImages[] = [
        tf.tensor4d(broken, [...SHAPE]),
        split((row) => tf.tensor3d(rowOf(row), [4, 5, 3])),
        { data: broken, shape: SHAPE },
        split((row) => ({ data: rowOf(row), shape: [4, 5, 3] })),
        nested(broken, SHAPE),
      ];
      for (const images of all) {
        await expect(detector.predict(images)).rejects.toThrow(kind);
        await expect(detector.predict(images)).rejects.toThrow(/at row 23$/);
        freeImages(images);
      }
    }
    detector.dispose();
    free(own);
  });

  test('lists of unlike sizes or kinds, and numbers that are not of their shape', async () => {
    const own = model();
    const detector = await fitDetector(own, { images: { images: bytes, shape: SHAPE }, labels }, options);
    const first = { data: bytesOf(0), shape: [4, 5, 3] };
    const refuse = async (images: unknown, kind: typeof OodError, message: string) => {
      for (const asked of [
        () => detector.predict(images as ModelImages),
        () => fitDetector(own, { images: images as ModelImages }, options),
        () => embed(own, images as ModelImages),
      ]) {
        await expect(asked(), message).rejects.toThrow(kind);
        await expect(asked(), message).rejects.toThrow(message);
      }
    };
    await refuse(
      [first, first, { data: new Uint8Array(48), shape: [4, 4, 3] }],
      ShapeError,
      'shape of images[2] must be [4, 5, 3], as images[0] (or all brought to one size by input: { size }), got [4, 4, 3]',
    );
    await refuse(
      [pictureOf(0), { width: 2, height: 1, data: new Uint8Array(8) }],
      ShapeError,
      'shape of images[1] must be [4, 5, 3], as images[0]',
    );
    await refuse(
      [first, { data: sharesOf(1), shape: [4, 5, 3] }],
      ArgumentError,
      'images[1] must be bytes, which are pixels, as images[0], got numbers that the model takes',
    );
    await refuse([first, bytesOf(1)], ArgumentError, 'pass { data, shape: [N, H, W, C] }, got Uint8Array');
    await refuse(
      { data: bytes, shape: [COUNT, 4, 5, 4] },
      ShapeError,
      '[N, H, W, C] of its 1800 numbers, got [30, 4, 5, 4]',
    );
    await refuse(
      { data: bytes.subarray(0, 48), shape: [4, 4, 3] },
      ShapeError,
      'shape of the images must be [N, 4, 5, 3], got [1, 4, 4, 3]',
    );
    await refuse(
      { data: bytes, shape: [COUNT, 3, 4, 5] },
      ShapeError,
      'shape of the images must be [N, 4, 5, 3], got [30, 3, 4, 5]',
    );
    await refuse(
      [
        [
          [1, 2, 3],
          [1, 2],
        ],
      ],
      ShapeError,
      'images[0][1] must be a list of 3, as the first, got a list of 2',
    );
    await refuse([[1, '2']], ShapeError, 'images[0][1] must be a number, as the first, got String');
    detector.dispose();
    free(own);
  });

  test.each([
    ['bytes without a shape', () => bytes, 'pass { data, shape: [N, H, W, C] }, got Uint8Array'],
    ['floats without a shape', () => shares, 'pass { data, shape: [N, H, W, C] }, got Float32Array'],
    ['a path', () => 'cat.jpg', 'read the file first, got String'],
    [
      'BigInt',
      () => ({ data: BigInt64Array.of(1n), shape: [1, 1, 1, 1] }),
      'Float64Array, Int32Array, ..., got BigInt64Array',
    ],
    ['halves', () => ({ data: new Uint16Array(60), dims: [1, 4, 5, 3], type: 'float16' }), 'got float16'],
    ['a text', () => ({ data: 'text', shape: [4] }), 'got String'],
    ['a list of texts', () => ['a', 'b'], 'images[0] must be a tensor'],
    ['a promise', () => Promise.resolve(bytes), 'await it, got Promise'],
    ['both parts', () => ({ train: 1, test: 2 }), 'pass its .train or .test, got Object { train, test }'],
    [
      '{ images, labels }',
      () => ({ images: nested(sharesOf(0), [4, 5, 3]), labels: [1] }),
      'pass its .images, got Object { images, labels }',
    ],
    ['undefined', () => undefined, 'got Undefined'],
    ['null', () => null, 'got null'],
    ['a number', () => 5, 'got Number'],
    ['an object', () => ({ a: 1 }), 'got Object { a }'],
    ['text as a tensor', () => tf.tensor(['a']), 'must be'],
  ] as [string, () => unknown, string][])('no images: %s', async (_, made, message) => {
    const own = model();
    const detector = await fitDetector(own, { images: { images: bytes, shape: SHAPE }, labels }, options);
    const images = made() as ModelImages;
    for (const asked of [
      () => detector.predict(images),
      () => fitDetector(own, { images }, options),
      () => embed(own, images),
    ]) {
      await expect(asked()).rejects.toThrow(OodError);
      await expect(asked()).rejects.toThrow(message);
    }
    if (images instanceof tf.Tensor) images.dispose();
    detector.dispose();
    free(own);
  });

  test('no data: what came, and what to pass', async () => {
    const own = model();
    const part = { images: bytes, shape: SHAPE, labels };
    const x = tf.zeros([3, 4, 5, 3]);
    for (const [data, message] of [
      [{ train: part, test: part }, '{ images, labels } (pass its .train), got { train, test }'],
      [Promise.resolve(part), '{ images, labels } (await it), got a promise'],
      [bytes, '(pass { images: ... })'],
      [x, '(pass { images: ... })'],
      [[x], '(pass { images: ... })'],
      ['data', '{ images, labels }, got data'],
    ] as const) {
      await expect(fitDetector(own, data as never, options)).rejects.toThrow(ArgumentError);
      await expect(fitDetector(own, data as never, options)).rejects.toThrow(message);
    }
    x.dispose();
    free(own);
  });

  test('for a GraphModel and a function', async () => {
    const graph = await graphModel(); // [N, 6, 6, 1]
    const set = {
      images: Uint8Array.from({ length: 30 * 36 }, (_, i) => (i * 91) % 256),
      shape: [30, 6, 6, 1] as const,
    };
    const pooled = { run: (x: tf.Tensor) => ({ logits: tf.mean(x, [1, 2]) }) };
    const known = { images: bytes, shape: SHAPE };
    for (const [one, images, wrong] of [
      [graph, set, { data: new Uint8Array(72), shape: [6, 12, 1] }],
      [graph, set, { data: new Uint8Array(36 * 4), shape: [6, 6, 4] }],
      [pooled, known, { data: new Uint8Array(120), shape: [8, 5, 3] }],
    ] as const) {
      const detector = await fitDetector(one, { images, labels }, options);
      const floats = { data: Float32Array.from(images.images, (byte) => byte / 255), shape: images.shape };
      const scores = (await detector.predict(images)).map(({ score }) => score);
      expectClose(
        (await detector.predict(floats)).map(({ score }) => score),
        scores,
        { absolute: 1e-5 },
      );
      await expect(detector.predict(wrong)).rejects.toThrow(ShapeError);
      detector.dispose();
    }
    graph.dispose();
  });
});
