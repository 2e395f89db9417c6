/**
 * `npm run example:browser:train -- [--data DIR] [--steps N] [--hands N] [--from FILE] [--size D] [--seed S]`: trains
 * the page's classifier on MNIST by ODM, then on hands that are not MNIST's, and writes model.safetensors beside this
 * file. With `--from` the first part is taken from such a file. Known: the digits 0 to 5. Seen as out of distribution:
 * 6, 7 and drawn shapes. Never seen: 8, 9, letters, the drawn stars, spirals, houses and faces, Fashion-MNIST, noise.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import 'tfjs-ood/wasm';
import {
  auroc,
  ClassMeans,
  nearestClassMean,
  conformalThreshold,
  odmBatches,
  odmLoss,
  OOD_LABEL,
  seededRandom,
} from 'tfjs-ood';
import { readMnist, type ImageSet, type LabeledImages } from 'tfjs-ood/datasets';
import { embed } from 'tfjs-ood/detector';
import { createTrainer, fit } from 'tfjs-ood/training';
import { loadMnist, writeFileAtomic } from 'tfjs-ood/node';
import { encodeClassifier, setWeights } from './classifier';
import { drawDigits, drawLetters, drawUnseenShapes } from './drawn-images';
import { classifierNetwork } from './network';
import { SIDE } from './to-mnist-pixels';
import { digitsOf, KNOWN, manyHands, SEEN, trainingSet, UNSEEN } from './train-data';
import { trainTail } from './train-tail';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: fileURLToPath(new URL('../../../shared/data', import.meta.url)) },
    out: { type: 'string', default: fileURLToPath(new URL('./model.safetensors', import.meta.url)) },
    from: { type: 'string' },
    steps: { type: 'string', default: '4000' },
    hands: { type: 'string', default: '2000' },
    size: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
const [steps, handSteps] = [Number(options.steps), Number(options.hands)];
const [size, seed] = [Number(options.size), Number(options.seed)];
const CALIBRATION = 2000;
const CLOUD = 480;

await tf.setBackend('wasm');
const mnist = await loadMnist(options.data);
// The last of the known training images calibrate: neither the weights nor the means have seen them.
const allKnown = digitsOf(mnist.train, KNOWN);
const fitted = allKnown.shape[0] - CALIBRATION;
const known = digitsOf(allKnown, KNOWN, 0, fitted);
const held = digitsOf(allKnown, KNOWN, fitted);
const seen = digitsOf(mnist.train, SEEN);

const model = classifierNetwork(size, seed);
async function trainAll(set: LabeledImages): Promise<void> {
  const epochs = 10;
  const trainer = createTrainer(model, {
    loss: (labels, embeddings) => odmLoss(labels, embeddings, { pairs: 'all' }),
    learningRate: 1e-3,
    schedule: (epoch) => [1, 1, 1, 1, 1, 0.5, 0.5, 0.2, 0.1, 0.05][epoch] ?? 0.05,
    seed,
  });
  await fit(trainer, {
    set,
    batches: odmBatches(set.labels, {
      batchSize: 128,
      outShare: 0.375,
      outEvery: 1,
      stepsPerEpoch: steps / epochs,
      seed,
    }),
    epochs,
    onEpoch: ({ epoch, meanLoss, seconds }) =>
      console.log(`part ${epoch + 1}/${epochs}: loss ${meanLoss.toFixed(4)}, ${seconds.toFixed(0)} s`),
  });
  trainer.dispose();
}
// MNIST alone first, then hands that are not its own.
if (options.from) setWeights(model, await readFile(options.from));
else await trainAll(trainingSet(known, seen, seed));
if (handSteps > 0)
  await trainTail(model, { after: 'pool2', set: manyHands(known, seen, seed), steps: handSteps, seed });

const means = new ClassMeans();
await means.add(await embed(model, known), known.labels);
const scorer = nearestClassMean().of(means);
const scoresOf = async (images: ImageSet) => scorer.score({ features: await embed(model, images) });

const calibrationScores = await scoresOf(held);
const { threshold } = conformalThreshold(calibrationScores, 0.05);
const test = digitsOf(mnist.test, KNOWN);
const { labels, scores } = await scorer.classify({ features: await embed(model, test) });
const right = labels.filter((label, i) => label === test.labels[i]).length / labels.length;
const share = (alarms: Float32Array) => alarms.filter((score) => score > threshold).length / alarms.length;
const figures: Record<string, string> = {
  'accuracy among the known': right.toFixed(4),
  'false alarms at alpha 0.05': share(scores).toFixed(4),
};

const noise = seededRandom(seed, 30);
const out: Record<string, ImageSet> = {
  'digits 6 and 7 (seen)': digitsOf(mnist.test, SEEN),
  'digits 8 and 9': digitsOf(mnist.test, UNSEEN),
  letters: drawLetters(1000, seed + 1),
  'stars, spirals, houses, faces': drawUnseenShapes(1000, seed + 1),
  noise: {
    images: Uint8Array.from({ length: 1000 * SIDE * SIDE }, () =>
      Math.min(255, Math.max(0, 128 + 255 * noise.normal())),
    ),
    shape: [1000, SIDE, SIDE, 1],
  },
};
const fashion = (part: string) => join(options.data, 'fashion-mnist', `t10k-${part}-ubyte.gz`);
if (existsSync(fashion('images-idx3'))) {
  const [images, classes] = await Promise.all(['images-idx3', 'labels-idx1'].map((part) => readFile(fashion(part))));
  out['Fashion-MNIST'] = await readMnist(images!, classes!);
}
for (const [name, images] of Object.entries(out)) {
  const outScores = await scoresOf(images);
  figures[name] = `AUROC ${auroc(scores, outScores).toFixed(4)}, called unknown ${share(outScores).toFixed(3)}`;
}
// Digits as the page's examples draw them: not MNIST's hand, and no guarantee holds for them.
const drawn = await scorer.classify({ features: await embed(model, drawDigits(600, 0, 5, seed + 1)) });
const drawnRight = drawn.labels.filter((label, i) => label === i % 6).length / 600;
figures['drawn digits 0 to 5'] = `accuracy ${drawnRight.toFixed(3)}, called unknown ${share(drawn.scores).toFixed(3)}`;
console.table(figures);

const cloudSets: LabeledImages[] = [
  digitsOf(held, KNOWN, 0, CLOUD),
  digitsOf(mnist.test, UNSEEN, 0, CLOUD / 8),
  ...[drawLetters(CLOUD / 16, seed + 2), drawUnseenShapes(CLOUD / 16, seed + 2)].map((images) => ({
    ...images,
    labels: new Int32Array(CLOUD / 16),
  })),
];
const cloudParts = await Promise.all(cloudSets.map((images) => embed(model, images)));
const cloud = {
  points: Float32Array.from(cloudParts.flatMap(({ data }) => [...data])),
  labels: Int32Array.from(
    cloudSets.flatMap(({ labels }, part) => [...labels].map((y) => (part === 0 ? y : OOD_LABEL))),
  ),
};
const metadata = { known: KNOWN.join(' '), seen: SEEN.join(' '), unseen: UNSEEN.join(' '), ...figures };
const bytes = await encodeClassifier({ model, means, calibrationScores, cloud }, metadata);
await writeFileAtomic(options.out, bytes);
console.log(`${options.out}: ${bytes.length} bytes, threshold at alpha 0.05: ${threshold.toFixed(3)}`);
