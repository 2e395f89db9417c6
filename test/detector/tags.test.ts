import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, seededRandom } from 'tfjs-ood';
import {
  ensemble,
  jointEnergy,
  mahalanobis,
  msp,
  nearestNeighbors,
  residual,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import {
  fitDetector,
  fitOutputDetector,
  loadDetector,
  loadOutputDetector,
  scorerMethods,
  type FunctionModel,
  type TagLabels,
} from 'tfjs-ood/detector';
import { holdOut } from '../../src/detector/calibration/hold-out';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

const TAGS = ['red', 'round', 'wet'];
const COUNT = 90;

/** Images of one pixel with three channels; each channel above 1/2 is a tag. */
function pixels(count: number, seed: number) {
  const random = seededRandom(seed);
  const images = Uint8Array.from({ length: 3 * count }, () => (random.uniform() < 0.5 ? 30 : 220) + random.integer(9));
  return { images, shape: [count, 1, 1, 3] as const };
}

/** A tagger of them, three sigmoids, with its last layer as numbers. */
function tagger() {
  const weights = Float32Array.of(8, 0, 0, 0, 8, 0, 0, 0, 8);
  const bias = Float32Array.of(-4, -4, -4);
  const model = tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [1, 1, 3] }),
      tfl.layers.dense({ units: 3, activation: 'sigmoid', name: 'tags' }),
    ],
  });
  const values = [tf.tensor2d(weights, [3, 3]), tf.tensor1d(bias)];
  model.setWeights(values);
  tf.dispose(values);
  /** What the function makes of images: the units before the last layer, and what goes into the sigmoids. */
  const around = (meaning?: 'classes' | 'tags'): FunctionModel => ({
    run: (images) =>
      tf.tidy(() => {
        const features = tf.reshape(images, [images.shape[0], 3]);
        return { features, logits: tf.add<tf.Tensor2D>(tf.matMul(features, tf.tensor2d(weights, [3, 3])), bias) };
      }),
    head: () => ({ weights, bias, shape: [3, 3] }),
    ...(meaning && { meaning }),
  });
  return { model, around };
}

/** Names of what the model itself says yes to. */
async function saidBy(model: tfl.LayersModel, { images, shape }: ReturnType<typeof pixels>): Promise<string[][]> {
  const shares = tf.tidy(() => model.predict(tf.div(tf.tensor4d(images, [...shape]), 255)) as tf.Tensor2D);
  const rows = await shares.array();
  shares.dispose();
  return rows.map((row) => TAGS.filter((_, i) => row[i]! > 0.5));
}

const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
const known = pixels(COUNT, 1);

onEachBackend('a detector around a model of tags', () => {
  test('lists the tags that the model says yes to, also when loaded', async () => {
    const { model, around } = tagger();
    const fresh = pixels(40, 7);
    const wanted = await saidBy(model, fresh);
    expect(new Set(wanted.map(({ length }) => length))).toEqual(new Set([0, 1, 2, 3]));
    for (const scorer of [jointEnergy(), nearestNeighbors({ k: 3 }), residual({ dimension: 2 })]) {
      const options = { scorer, classNames: TAGS, alpha: 0.2 };
      const detector = await fitDetector<TagLabels>(around('tags'), { images: known }, options);
      const verdicts = await detector.predict(fresh);
      expect(verdicts.map(({ label }) => label)).toEqual(wanted);
      const again = await loadDetector<TagLabels>(around('tags'), detector.toBytes(), { methods: scorerMethods });
      expect(await again.predict(fresh)).toEqual(verdicts);
      detector.dispose();
      again.dispose();
    }
    const detector = await fitDetector<TagLabels>(around(), { images: known }, { scorer: jointEnergy(), alpha: 0.2 });
    const [verdict] = await detector.predict({ images: Uint8Array.of(230, 10, 240), shape: [1, 1, 1, 3] });
    expect(verdict!.label).toEqual(['0', '2']);
    const z = [(8 * 230) / 255 - 4, (8 * 10) / 255 - 4, (8 * 240) / 255 - 4];
    expectClose(
      verdict!.score,
      z.reduce((sum, value) => sum - Math.log(1 + Math.exp(value)), 0),
      { relative: 1e-5 },
    );
    detector.dispose();
    model.dispose();
  });

  test('what assumes one class a row is refused by its name, in an ensemble too', async () => {
    const { model, around } = tagger();
    const fine = ['joint-energy', 'nearest-neighbors', 'residual'];
    for (const [kind, method] of Object.entries(scorerMethods)) {
      if (fine.includes(kind)) continue;
      const fitted = fitDetector(around('tags'), { images: known, labels }, { scorer: method() });
      await expect(fitted, kind).rejects.toThrow(ArgumentError);
      await expect(fitted, kind).rejects.toThrow(
        'fitDetector: scorer must be one for tags, such as jointEnergy(), nearestNeighbors() or residual()',
      );
      await expect(fitted, kind).rejects.toThrow(`'${kind}' assumes that a row chooses one class), got ${kind}`);
    }
    const fit = (...members: ScorerMethod[]) =>
      fitDetector(around('tags'), { images: known, labels }, { scorer: ensemble(members), alpha: 0.2 });
    const neighbors = () => nearestNeighbors({ k: 3 }) as ScorerMethod;
    await expect(fit(neighbors(), mahalanobis() as ScorerMethod)).rejects.toThrow('got mahalanobis');
    await expect(fit(ensemble([neighbors(), msp() as ScorerMethod]))).rejects.toThrow('got msp');
    const detector = await fit(neighbors(), jointEnergy());
    expect(JSON.parse(decodeSafetensors(detector.toBytes()).metadata.about!)).toMatchObject({ meaning: 'tags' });
    detector.dispose();
    model.dispose();
  });

  test('the meaning is in the file, and must be that of the model', async () => {
    const { model, around } = tagger();
    const options = { scorer: nearestNeighbors({ k: 3 }), alpha: 0.2 };
    const detector = await fitDetector(around('tags'), { images: known }, options);
    const bytes = detector.toBytes();
    const { tensors, metadata } = decodeSafetensors(bytes);
    const about = JSON.parse(metadata.about!) as object;
    expect(about).toMatchObject({ meaning: 'tags', model: 'function' });
    await expect(loadDetector(around('classes'), bytes, { methods: scorerMethods })).rejects.toThrow(
      'loadDetector: model must be one whose logits are tags, as at the fit, got classes',
    );
    const damaged = encodeSafetensors(tensors, { ...metadata, about: JSON.stringify({ ...about, meaning: 'odd' }) });
    await expect(loadDetector(around('tags'), damaged, { methods: scorerMethods })).rejects.toThrow(FormatError);
    await expect(loadDetector(around('tags'), damaged, { methods: scorerMethods })).rejects.toThrow(
      'loadDetector: metadata.about.meaning must be one of classes, tags, got "odd"',
    );
    expect(() => loadOutputDetector(damaged, { methods: scorerMethods })).toThrow(
      'loadOutputDetector: metadata.about.meaning must be',
    );
    await expect(fitDetector(around('odd' as 'tags'), { images: known }, options)).rejects.toThrow(
      'model.meaning must be one of classes, tags, got odd',
    );
    detector.dispose();
    model.dispose();
  });
});

describe('outputs of tags', () => {
  const random = seededRandom(3);
  const data = Float32Array.from({ length: 3 * COUNT }, () => 4 * random.normal());
  const logits = { data, shape: [COUNT, 3] as const };
  const one = { data: Float32Array.of(-1, 0, 2), shape: [1, 3] as const };

  test('are read as the scorer or the option says', async () => {
    const saidOf = async (options: Parameters<typeof fitOutputDetector>[1]) => {
      const detector = await fitOutputDetector({ features: logits, logits }, { alpha: 0.2, ...options });
      const [verdict] = await detector.predict({ features: one, logits: one });
      const again = loadOutputDetector(detector.toBytes(), { methods: scorerMethods });
      expect((await again.predict({ features: one, logits: one }))[0]).toEqual(verdict);
      return verdict!.label;
    };
    const neighbors = nearestNeighbors({ k: 3 });
    expect(await saidOf({ scorer: jointEnergy() })).toEqual(['2']);
    expect(await saidOf({ scorer: neighbors, meaning: 'tags' })).toEqual(['2']);
    expect(await saidOf({ scorer: neighbors, meaning: 'tags', classNames: TAGS })).toEqual(['wet']);
    expect(await saidOf({ scorer: neighbors })).toBe(2);
    expect(await saidOf({ scorer: jointEnergy(), meaning: 'classes' })).toBe(2);
    await expect(saidOf({ scorer: msp(), meaning: 'tags' })).rejects.toThrow("'msp' assumes that a row chooses");
    await expect(saidOf({ scorer: msp(), meaning: 'odd' as 'tags' })).rejects.toThrow('meaning must be one of classes');
  });

  test('probabilities of tags are no logits', async () => {
    const shares = { data: data.map((z) => 1 / (1 + Math.exp(-z))), shape: logits.shape };
    const fitted = fitOutputDetector({ logits: shares }, { scorer: jointEnergy() });
    await expect(fitted).rejects.toThrow(ArgumentError);
    await expect(fitted).rejects.toThrow('logits must be what goes into the sigmoids (or Math.log(p / (1 - p))');
    // A few logits between 0 and 1 are no probabilities.
    const first = holdOut('test', COUNT, 0.2, 1).fit[0]!;
    const mixed = { data: data.slice(), shape: logits.shape };
    mixed.data.set([0.2, 0.9, 0.5], 3 * first);
    const fine = await fitOutputDetector({ logits: mixed }, { scorer: jointEnergy(), alpha: 0.2, blockSize: 1 });
    expect(fine.state.widths).toEqual({ logits: 3 });
    // The same numbers from the way out that it names.
    const back = { data: shares.data.map((p) => Math.log(p / (1 - p))), shape: logits.shape };
    const [detector, wanted] = [
      await fitOutputDetector({ logits: back }, { scorer: jointEnergy(), alpha: 0.2 }),
      await fitOutputDetector({ logits }, { scorer: jointEnergy(), alpha: 0.2 }),
    ];
    expectClose(detector.state.calibrations[0]!, wanted.state.calibrations[0]!, { relative: 1e-3 }); // float32 near 1
  });
});
