import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, expect, test, vi } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { energy } from 'tfjs-ood/scorers';
import {
  fitDetector,
  fitOutputDetector,
  loadDetector,
  type AskedRows,
  type GivenOutputs,
  type KnownImages,
} from 'tfjs-ood/detector';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { free, layers, withWeights } from './layers-models';

const [N, SIZE] = [40, 27];
const random = seededRandom(4);
const bytes = Uint8Array.from({ length: N * SIZE }, () => random.integer(256));
const options = { scorer: energy(), alpha: 0.2 };

afterEach(() => vi.restoreAllMocks());

const modelOf = (...inputShape: number[]) =>
  withWeights(
    tfl.sequential({
      layers: [layers.flatten({ inputShape }), layers.dense({ units: 3, name: 'last' })],
    }),
  );
/** Images [from, to) as floats. */
const floats = (of: (byte: number) => number, from = 0, to = N) => ({
  images: Float32Array.from(bytes.subarray(from * SIZE, to * SIZE), of),
  shape: [to - from, 3, 3, 3] as const,
});
const asBytes = (from = 0, to = N) => ({
  images: bytes.slice(from * SIZE, to * SIZE),
  shape: [to - from, 3, 3, 3] as const,
});
const oneColor = (value: number) => ({ images: new Float32Array(5 * SIZE).fill(value), shape: [5, 3, 3, 3] as const });
async function* of<T>(...blocks: T[]): AsyncGenerator<T> {
  await Promise.resolve();
  yield* blocks;
}
/** Of ImageNet: about -2.1 to 2.6. */
const normalized = (byte: number) => (byte / 255 - 0.45) / 0.213;

async function refuses(asked: Promise<unknown>, kind: typeof ArgumentError, message: string) {
  await expect(asked, message).rejects.toThrow(message);
  await expect(asked, message).rejects.toThrow(kind);
}

test.each([
  ['black, then 0 to 255', [oneColor(0), floats((byte) => byte, 5)], [0, 255]],
  ['gray, then -1 to 1', [oneColor(0), floats((byte) => byte / 127.5 - 1, 5)], [-1, 1]],
  ['gray, then of ImageNet', [oneColor(0.5), floats(normalized, 5)], [normalized(0), normalized(255)]],
  ['black, then bytes', [oneColor(0), asBytes(5)], [0, 1]],
  ['black alone', [oneColor(0), oneColor(0), oneColor(0), oneColor(0)], [0, 1]],
  ['of ImageNet', [floats(normalized, 0, 20), floats(normalized, 20)], [normalized(0), normalized(255)]],
])('a first block of one color tells no range: %s', async (_, blocks, range) => {
  await tf.setBackend('cpu');
  const model = modelOf(3, 3, 3);
  const detector = await fitDetector(model, of<KnownImages>(...blocks), { ...options, acceptNoAlarm: true });
  const saved = (detector.state.about.input as { range: number[] }).range;
  expectClose(saved, range, { absolute: 1e-2, relative: 0 });
  detector.dispose();
  free(model);
});

test.each([
  ['of ImageNet', normalized, 'from -2.0'],
  ['of 0 to 510', (byte: number) => 2 * byte, 'from 4 to 510'],
  ['of -1 to 1', (byte: number) => byte / 127.5 - 1, 'from -1 to 1'],
])('bytes behind a block of floats %s are refused: nobody said what becomes of them', async (_, map, range) => {
  await tf.setBackend('cpu');
  const model = modelOf(3, 3, 3);
  const mixed = fitDetector(model, of<KnownImages>(floats(map, 0, 20), asBytes(20)), options);
  await refuses(mixed, ArgumentError, `fitDetector: images of data[1] must be numbers ${range}`);
  free(model);
});

test('input beside inputs is refused, in a fit, a stream and at loading; metadata do not matter', async () => {
  await tf.setBackend('cpu');
  const model = withWeights(
    tfl.sequential({ layers: [layers.rescaling({ inputShape: [4], scale: 1 / 255 }), layers.dense({ units: 3 })] }),
  );
  const inputs = Array.from({ length: N }, () => [random.normal(), random.normal(), 1, 2]);
  const wanted = 'input must be left out, as inputs go into the model as they are, got -1..1';
  await refuses(fitDetector(model, { inputs }, { ...options, input: '-1..1' }), ArgumentError, wanted);
  const streamed = fitDetector(model, of({ inputs }), { ...options, input: (x) => x });
  await refuses(streamed, ArgumentError, 'must be left out, as inputs go into the model as they are, got a function');
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const metadata = { packageName: '@teachablemachine/image', labels: ['a', 'b', 'c'] };
  const detector = await fitDetector(model, { inputs }, { ...options, metadata });
  expect(warned).not.toHaveBeenCalled();
  const loaded = loadDetector(model, detector.toBytes(), { scorer: energy(), input: '-1..1' });
  await refuses(loaded, ArgumentError, `loadDetector: ${wanted}`);
  const plain = await fitDetector(model, { inputs }, options);
  const [own, other] = [await detector.predict({ inputs }), await plain.predict({ inputs })];
  expect(own.map(({ score }) => score)).toEqual(other.map(({ score }) => score));
  for (const given of [
    { data: new Uint16Array(8), dims: [2, 4], type: 'float16' },
    { data: new Float32Array(10), shape: [2.5, 4] },
    { data: new Float32Array(8), shape: ['2', 4] },
    { data: new Float32Array(8), shape: [-2, -4] },
  ]) {
    const expected = 'type' in given ? 'inputs.data must be float32, not the bits' : 'inputs.shape must be that of';
    await expect(detector.predict({ inputs: given } as never)).rejects.toThrow(expected);
  }
  const gone = tf.zeros([1, 4]);
  gone.dispose();
  await refuses(detector.predict({ inputs: gone }), ArgumentError, 'inputs must be a tensor that is not disposed of');
  [detector, plain].forEach((one) => one.dispose());
  free(model);
});

test('outputs: a hole in a list is no row of zeros, and a new calibration counts rows over a stream', async () => {
  const logits = Array.from({ length: N }, () => [random.normal(), random.normal(), random.normal()]);
  const detector = await fitOutputDetector({ logits }, options);
  const holes = [[1, 2, 3], undefined, [1, 2, 3]];
  Reflect.deleteProperty(holes, 1);
  const asked = detector.predict({ logits: holes as number[][] });
  await refuses(asked, ShapeError, 'logits must be rows of 3 numbers each, got undefined');
  const broken = {
    logits: [
      [1, 2, 3],
      [1, 2, NaN],
    ],
  };
  await refuses(detector.recalibrate(broken), NotFiniteError, 'got NaN at row 1, column 2');
  await refuses(detector.recalibrate(of({ logits }, broken)), NotFiniteError, `got NaN at row ${N + 1}, column 2`);
  const wide = { logits: [[1, 2, 3, 4]] };
  const named = 'logits of outputs[1] must be [N, 3], as at the fit';
  await refuses(detector.recalibrate(of<GivenOutputs>({ logits }, wide)), ShapeError, named);
  detector.dispose();
});

onEachBackend('odd lists and streams of images', () => {
  test('tensors of int32 and float32 in one list are both what they are', async () => {
    const model = modelOf(3, 3, 3);
    const detector = await fitDetector(model, asBytes(), options);
    const one = tf.tensor3d(floats((byte) => byte / 255, 0, 1).images, [3, 3, 3]);
    const zeros = tf.zeros([3, 3, 3], 'int32');
    const typed = { data: Int32Array.from(bytes.subarray(0, SIZE), (byte) => byte % 2), shape: [3, 3, 3] };
    const scores = async (given: AskedRows) => (await detector.predict(given)).map(({ score }) => score);
    const alone = [zeros, one, typed];
    const expected: number[] = [];
    for (const image of alone) expected.push(...(await scores(image)));
    expectClose(await scores(alone), expected, { absolute: 1e-5, relative: 1e-5 });
    expectClose(await scores([one, zeros]), [expected[1]!, expected[0]!], { absolute: 1e-5, relative: 1e-5 });
    tf.dispose([one, zeros]);
    detector.dispose();
    free(model);
  });

  test('a new calibration counts rows over a stream, and names blocks of streams alone', async () => {
    const model = modelOf(3, 3, 3);
    const detector = await fitDetector(model, asBytes(), options);
    const broken = floats((byte) => byte / 255);
    broken.images[7 * SIZE] = NaN;
    const at = 'Detector.recalibrate: ';
    await refuses(detector.recalibrate(broken), NotFiniteError, `${at}images must be finite`);
    await refuses(detector.recalibrate(of<AskedRows>(asBytes(), broken)), NotFiniteError, 'got NaN at row 47');
    const small = { images: new Uint8Array(12), shape: [1, 2, 2, 3] };
    await refuses(detector.recalibrate(small), ShapeError, `${at}shape of the images must be`);
    await refuses(
      detector.recalibrate(of<AskedRows>(asBytes(), small)),
      ShapeError,
      'shape of the images of images[1] must be',
    );
    detector.dispose();
    free(model);
  });

  test('what is no image is named by its type, however long it is', async () => {
    const model = modelOf(3, 3, 3);
    const detector = await fitDetector(model, asBytes(), options);
    const fit = (data: unknown) => fitDetector(model, data as KnownImages, options);
    const x = tf.zeros([2, 3, 3, 3]);
    await refuses(fit(bytes), ArgumentError, '(pass { images: ... }), got Uint8Array');
    await refuses(fit(x), ArgumentError, '(pass { images: ... }), got a tensor');
    await refuses(fit([x]), ArgumentError, '(pass { images: ... }), got Array');
    x.dispose();
    await refuses(detector.predict(x), ArgumentError, 'images must be a tensor that is not disposed of');
    detector.dispose();
    free(model);
  });
});
