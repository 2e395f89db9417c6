import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { fitDetector, loadDetector, type DetectorModel } from 'tfjs-ood/detector';
import { energy, nearestNeighbors } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { blocksOf } from './made-points';

/** Two classes of images by brightness, as bytes; `shift` makes others of them. */
function shades(count: number, seed: number, shift = 0) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const images = Uint8Array.from({ length: count * 16 }, (_, at) => {
    const own = 60 + 90 * labels[Math.floor(at / 16)]! + (at % 4 < 2 ? shift : -shift);
    return Math.max(0, Math.min(255, own + 8 * random.normal()));
  });
  return { images, shape: [count, 4, 4, 1] as const, labels };
}

const classifier = () =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [4, 4, 1] }),
      tfl.layers.dense({
        units: 4,
        activation: 'relu',
        kernelInitializer: tfl.initializers.glorotUniform({ seed: 2 }),
      }),
      tfl.layers.dense({ units: 2, kernelInitializer: tfl.initializers.glorotUniform({ seed: 3 }) }),
    ],
  });
const classNames = ['dark', 'bright'];
const pixels = ({ images, shape }: ReturnType<typeof shades>) => ({ images, shape });
const tensorOf = (of: ReturnType<typeof shades>) => tf.tidy(() => tf.div(tf.tensor4d(of.images, [...of.shape]), 255));
const rowsOf = ({ images, shape, labels }: ReturnType<typeof shades>, from: number, to: number) => ({
  images: images.slice(16 * from, 16 * to),
  shape: [to - from, ...shape.slice(1)],
  labels: labels.slice(from, to),
});

onEachBackend('evaluate of images', () => {
  const known = shades(70, 2);
  const striped = shades(20, 3, 70);

  test('counts what predict decides, whatever images are given as', async () => {
    const model = classifier();
    const options = { scorer: nearestNeighbors({ k: 3 }), alpha: 0.1, cutPoints: { strict: 0.04 }, classNames };
    const detector = await fitDetector(model, shades(200, 1), options);
    const count = async (of: ReturnType<typeof shades>, cutPoint: string) =>
      (await detector.predict(pixels(of), { cutPoint })).filter(({ isOod }) => isOod).length;
    const result = await detector.evaluate({ known, strange: { striped } });
    for (const cutPoint of ['default', 'strict']) {
      expect(result.known.falseAlarms[cutPoint]!.count).toBe(await count(known, cutPoint));
      expect(result.out[0]!.found[cutPoint]!.count).toBe(await count(striped, cutPoint));
    }
    expect(result.out[0]!.found.default!.count).toBeGreaterThan(15);
    const verdicts = await detector.predict(pixels(known));
    const right = verdicts.filter(({ label }, i) => label === classNames[known.labels[i]!]).length;
    expect(result.known.accuracy).toMatchObject({ count: right, of: 70 });

    const [knownTensor, strangeTensor] = [tensorOf(known), tensorOf(striped)];
    const labels = Array.from(known.labels, (label) => classNames[label]!);
    const tensors = { known: { images: knownTensor, labels }, strange: { striped: strangeTensor } };
    const pictures = Array.from({ length: 20 }, (_, i) => ({
      images: striped.images.slice(16 * i, 16 * i + 16),
      shape: [4, 4, 1],
    }));
    const others = [
      tensors,
      { known: blocksOf(rowsOf(known, 0, 64), rowsOf(known, 64, 70)), strange: { striped: blocksOf(pixels(striped)) } },
      { known, strange: { striped: pictures } },
      { known: { images: pixels(known), labels: known.labels }, strange: { striped: { images: pixels(striped) } } },
    ];
    for (const given of others) {
      const other = await detector.evaluate(given);
      expect(other.sentence).toBe(result.sentence);
      expect(other.known.accuracy).toEqual(result.known.accuracy);
    }
    const again = await loadDetector(model, detector.toBytes(), { scorer: nearestNeighbors({ k: 3 }) });
    expect(await again.evaluate({ known, strange: { striped } })).toEqual(result);
    const few = await detector.recalibrate(pixels(shades(60, 6)));
    expect((await few.evaluate({ known, strange: { striped } })).threshold).not.toBe(result.threshold);
    tf.dispose([knownTensor, strangeTensor]);
    for (const held of [few, again, detector, model]) held.dispose();
  });

  test('rows that are no images, and a function', async () => {
    const model: DetectorModel = { run: (x: tf.Tensor) => ({ features: tf.mul(x, 2) }) };
    const random = seededRandom(4);
    const rows = (count: number, away = 0) => Array.from({ length: count }, () => [random.normal() + away, random.normal()]); // prettier-ignore
    const detector = await fitDetector(
      model,
      { inputs: rows(120) },
      { scorer: nearestNeighbors({ k: 3, normalize: 'none' }) },
    );
    const [own, far] = [rows(30), rows(9, 8)];
    const { out, known, sentence } = await detector.evaluate({
      known: { inputs: own },
      strange: { far: { inputs: far } },
    });
    expect(out[0]!.found.default!.count).toBe(9);
    expect(known.nearest).toBeUndefined();
    expect(known.scores).toEqual((await detector.predict({ inputs: own })).map(({ score }) => score));
    expect(sentence).toMatch(/^Finds most of far \(9 of 9, .*; false alarms: \d of 30 known rows \(/);
    detector.dispose();
  });

  test('errors name the set, and what of it', async () => {
    const model = classifier();
    const detector = await fitDetector(model, shades(200, 1), { scorer: energy() });
    const evaluate = (strange: object) => expect(detector.evaluate({ known, strange: strange as never })).rejects;
    await evaluate({ small: { images: new Uint8Array(9), shape: [1, 3, 3, 1] } }).toThrow(
      /^Detector\.evaluate: strange\.small: shape of the images must be \[N, 4, 4, 1\]/,
    );
    await evaluate({ none: 'x.png' }).toThrow(/^Detector\.evaluate: strange\.none: images must be /);
    await evaluate({ rows: { inputs: [[1]] } }).toThrow(/^Detector\.evaluate: strange\.rows: images must be images/);
    await expect(detector.evaluate(undefined as never)).rejects.toThrow('Detector.evaluate: sets must be an object');
    detector.dispose();
    model.dispose();
  });
});
