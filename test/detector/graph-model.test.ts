import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from 'tfjs-ood';
import { energy, mahalanobis, nearestNeighbors, react, vim } from 'tfjs-ood/scorers';
import { type DetectorOptions, scorerMethods } from 'tfjs-ood/detector';
import { featuresOf, fitDetector, loadDetector, modelFingerprint } from 'tfjs-ood/detector';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { graphModel, type GraphEnd } from './graph-model';

const SIDE = 6;

/** Bars of three directions; `away` brightens the ground. */
function bars(count: number, seed: number, away = 0) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const images = Uint8Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE) % SIDE, i % SIDE];
    const label = labels[Math.floor(i / (SIDE * SIDE))]!;
    const isBar = label === 0 ? row === 2 : label === 1 ? column === 3 : row === column;
    return Math.min(255, (isBar ? 200 : 20) + away + random.integer(30));
  });
  return { images, shape: [count, SIDE, SIDE, 1] as const, labels };
}
const tensorOf = ({ images, shape }: ReturnType<typeof bars>) =>
  tf.tidy(() => tf.div(tf.tensor4d(images, [...shape]), 255));

onEachBackend('a GraphModel of tfjs-converter', () => {
  test.each(['softmax', 'logits', 'fused', 'no-bias'] as GraphEnd[])(
    'its logits, features and head are found where it ends (%s)',
    async (end) => {
      const model = await graphModel(end);
      const images = tensorOf(bars(4, 1));
      const reader = featuresOf(model);
      expect(reader.names).toEqual({
        features: 'hidden',
        logits: { softmax: 'scores', fused: 'scores' }[end as string] ?? 'end',
      });
      const { features, logits } = reader.run(images);
      // What TensorFlow would do with these nodes, by tfjs's own functions.
      const weight = (name: string) => model.weights[name]![0]!;
      const [hidden, scores] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
        const maps = tf.relu(
          tf.add(tf.conv2d(images as tf.Tensor4D, weight('filter') as tf.Tensor4D, 1, 'same'), weight('filterBias')),
        );
        const x = tf.relu(tf.add(tf.matMul(tf.mean(maps, [1, 2]), weight('hiddenKernel')), weight('hiddenBias')));
        const product = tf.matMul(x, weight('kernel'));
        return [x, end === 'no-bias' ? product : tf.add(product, weight('bias'))] as [tf.Tensor, tf.Tensor];
      });
      expectClose(await features.data(), await hidden.data(), { absolute: 1e-5 });
      expectClose(await logits.data(), await scores.data(), { absolute: 1e-5 });
      const head = (await reader.head())!;
      expect(head.shape).toEqual([5, 3]);
      const again = tf.tidy(() => tf.add(tf.matMul(features, tf.tensor2d(head.weights, [5, 3])), head.bias));
      expectClose(await again.data(), await scores.data(), { absolute: 1e-5 });
      tf.dispose([features, logits, hidden, scores, again, images]);
      model.dispose();
    },
  );

  test('an end that is no dense layer has no head, and its features want a name', async () => {
    const model = await graphModel('relu');
    expect(() => featuresOf(model)).toThrow(
      'featuresOf: features must be the node of the features: one of end [N, 3],',
    );
    expect(await featuresOf(model, 'hidden').head()).toBeUndefined();
    expect(await featuresOf(model, { features: 'hidden', logits: 'scores' }).head()).toBeDefined();
    model.dispose();
  });

  test('nodes by name; maps are pooled where asked for; a wrong name lists those that there are', async () => {
    const model = await graphModel();
    const images = tensorOf(bars(3, 2));
    expect(() => featuresOf(model, 'hiden')).toThrow(/features must be one of hidden.*mean.*, got hiden$/);
    expect(() => featuresOf(model, 'maps').run(images)).toThrow("[N, D] (or take pool: 'average')");
    const pooled = featuresOf(model, { features: 'maps', pool: 'average' }).run(images);
    const mean = featuresOf(model, 'mean').run(images);
    expectClose(await pooled.features.data(), await mean.features.data(), { absolute: 1e-6 });
    tf.dispose([pooled.features, pooled.logits, mean.features, mean.logits, images]);
    model.dispose();
  });

  test('every scorer fits, finds what is far, and comes back from its file', async () => {
    const model = await graphModel();
    const known = bars(150, 3);
    const strange = bars(20, 4, 180);
    for (const [kind, method] of Object.entries(scorerMethods)) {
      if (kind === 'she') continue; // wants a model that is right about each class; this one is not trained
      const detector = await fitDetector(model, { images: known, labels: known.labels }, { scorer: method() });
      const verdicts = await detector.predict(strange);
      expect(verdicts).toHaveLength(20);
      const again = await loadDetector(model, detector.toBytes(), { methods: scorerMethods });
      expect(await again.predict(strange), kind).toEqual(verdicts);
      if (kind === 'mahalanobis') expect(verdicts.filter(({ isOod }) => isOod).length).toBeGreaterThan(15);
      detector.dispose();
      again.dispose();
    }
    model.dispose();
  });

  test('a detector of another model is refused, with what differs', async () => {
    const [model, other, shorter] = [await graphModel(), await graphModel('softmax', 2), await graphModel('no-bias')];
    const known = bars(60, 5);
    const detector = await fitDetector(model, { images: known, labels: known.labels }, { scorer: mahalanobis() });
    const bytes = detector.toBytes();
    await expect(loadDetector(other, bytes, { scorer: mahalanobis() })).rejects.toThrow(/weights/);
    await expect(loadDetector(shorter, bytes, { scorer: mahalanobis() })).rejects.toThrow();
    expect(await modelFingerprint(model)).toEqual(await modelFingerprint(model));
    detector.dispose();
    for (const one of [model, other, shorter]) one.dispose();
  });

  test('scorers that need the head, on an end without one', async () => {
    const model = await graphModel('relu');
    const known = bars(60, 6);
    const fit = (scorer: DetectorOptions['scorer']) =>
      fitDetector(model, { images: known, labels: known.labels }, { scorer, features: 'hidden' });
    await expect(fit(react())).rejects.toThrow("weights 'react' needs");
    await expect(fit(vim())).rejects.toThrow("weights 'vim' needs");
    for (const method of [energy(), nearestNeighbors({ k: 3 })]) (await fit(method)).dispose();
    model.dispose();
  });
});

describe('types', () => {
  test('tfjs-converter models fit as they are', () => {
    const check = (model: Awaited<ReturnType<typeof graphModel>>) => featuresOf(model);
    expect(check).toBeTypeOf('function');
  });
});
