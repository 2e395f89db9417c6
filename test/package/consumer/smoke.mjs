// Run in a folder where the packed package and its peers are installed: a loss and its gradient, a training step, class
// means, a scorer and a detector, each against values worked out by hand, on cpu and wasm.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import { ClassMeans, auroc, nearestClassMean, contrastiveLoss, odmBatches, odmLoss } from 'tfjs-ood';
import { fitDetector, loadDetector } from 'tfjs-ood/detector';
import { createTrainer, fit, vgg } from 'tfjs-ood/training';
import { energy, mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';

const near = (actual, expected, what) =>
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) < 1e-4, `${what}: ${Array.from(actual)} for ${expected}`),
  );

/** One pair of a class at distance 5: half of it is the loss, half a unit vector the gradient. */
async function lossAndGradient() {
  const embeddings = tf.tensor2d([0, 0, 3, 4], [2, 2]);
  const { value, grad } = tf.valueAndGrad((x) => contrastiveLoss([7, 7], x))(embeddings);
  near(await value.data(), [2.5], 'loss');
  near(await grad.data(), [-0.3, -0.4, 0.3, 0.4], 'gradient');
}

async function trainingSteps() {
  const model = vgg({ width: 0.0625, embeddingSize: 2, batchNorm: true, seed: 1 });
  const loss = (labels, embeddings) => odmLoss(labels, embeddings, { pairs: 'all' });
  const trainer = createTrainer(model, { loss, seed: 1 });
  const labels = [0, 1, 0, 1, -1, -1, -1, -1];
  const set = {
    images: Uint8Array.from({ length: 8 * 32 * 32 * 3 }, (_, i) => (i * 7919) % 256),
    shape: [8, 32, 32, 3],
  };
  const before = model.trainableWeights.map((weight) => weight.read().dataSync().slice());
  const losses = [];
  const onStep = (step) => losses.push(step.loss);
  await fit(trainer, { set, batches: odmBatches(labels, { batchSize: 4, outEvery: 1, seed: 1 }), epochs: 1, onStep });
  assert.ok(losses.length > 0 && losses.every(Number.isFinite), `losses ${losses}`);
  const moved = model.trainableWeights.filter((weight, w) =>
    weight
      .read()
      .dataSync()
      .some((value, i) => value !== before[w][i]),
  );
  assert.ok(moved.length > before.length / 2, `${moved.length} of ${before.length} weights learned`);
}

async function meansAndScores() {
  const means = new ClassMeans();
  await means.add({ data: Float32Array.of(0, 0, 2, 4), shape: [2, 2] }, [7, 7]);
  near(means.means().data, [1, 2], 'mean');
  const scorer = nearestClassMean().of(means);
  near(await scorer.score({ features: { data: Float32Array.of(0, 0), shape: [1, 2] } }), [5], 'squared distance');
  const logits = { data: Float32Array.of(2, 1, 0), shape: [1, 3] };
  near(await energy().score({ logits }), [-Math.log(Math.exp(2) + Math.exp(1) + 1)], 'energy');
  assert.equal(auroc([0.1, 0.4], [0.35, 0.8]), 0.75);
}

/**
 * A classifier of two blobs of points: what lies far from both is out of distribution, before and after a detector is
 * saved.
 */
async function detectors() {
  const model = layers.sequential({ layers: [layers.layers.dense({ inputShape: [2], units: 2, name: 'logits' })] });
  model.setWeights([tf.tensor2d([1, 0, 0, 1], [2, 2]), tf.tensor1d([0, 0])]);
  const rows = 80;
  const labels = Array.from({ length: rows }, (_, i) => i % 2);
  const points = labels.map((label, i) => [
    (label === 0 ? 4 : 0) + 0.3 * Math.sin(7 * i),
    (label === 1 ? 4 : 0) + 0.3 * Math.cos(11 * i),
  ]);
  const images = tf.tensor2d([points[0], [-40, -40]]);
  for (const scorer of [mahalanobis(), nearestNeighbors({ k: 3 })]) {
    const detector = await fitDetector(
      model,
      { images: tf.tensor2d(points), labels },
      { scorer, features: 'logits', alpha: 0.1 },
    );
    const verdicts = await detector.predict(images);
    assert.deepEqual(
      verdicts.map(({ isOod }) => isOod),
      [false, true],
      scorer.kind,
    );
    const { out, known } = await detector.evaluate({
      known: { images: tf.tensor2d(points), labels },
      strange: { far: tf.tensor2d([[-40, -40]]) },
    });
    assert.equal(out[0].found.default.count, 1);
    assert.equal(known.accuracy.count, rows);
    const again = await loadDetector(model, detector.toBytes(), { scorer });
    assert.deepEqual(await again.predict(images), verdicts);
  }
}

for (const backend of ['cpu', 'wasm']) {
  assert.ok(await tf.setBackend(backend), `${backend} does not start`);
  for (const part of [lossAndGradient, trainingSteps, meansAndScores, detectors]) {
    try {
      await part();
    } catch (error) {
      throw new Error(`${part.name} on ${backend}`, { cause: error });
    }
  }
}
