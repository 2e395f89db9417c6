import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { encodeSafetensors, odmBatches, odmLoss } from 'tfjs-ood';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { ClassScatter } from 'tfjs-ood/embeddings';
import { evaluate, ScoreAccumulator, ScoreSketch } from 'tfjs-ood/metrics';
import { encodeScorer, energy, mahalanobis } from 'tfjs-ood/scorers';
import { fitDetector } from 'tfjs-ood/detector';
import { createTrainer } from 'tfjs-ood/training';
import { cifarBinary } from '../datasets/small-files';
import { blockFiles } from './given-blocks';
import { base, head, tagger } from './given-models';
import { byteImages, classifier, imageTensor, labelsOf, pictures, rows, scores } from './given-values';

/** An ONNX model of six numbers: a layer of four, and of three classes. */
const onnxModel = () => {
  const text = readFileSync(new URL('../fixtures/onnx-models.json', import.meta.url), 'utf8');
  const { cases } = JSON.parse(text) as { cases: Record<string, { model: string }> };
  return new Uint8Array(Buffer.from(cases.Softmax!.model, 'base64'));
};
const features = () => rows();
const logits = () => rows(90, 3, 5);
const labels = () => labelsOf(90);
const blocks = () => [{ features: features(), logits: logits(), labels: labels() }];
const fitted = async () => mahalanobis().fit(blocks(), {});
const fittedDetector = async () =>
  fitDetector(classifier(), { images: imageTensor(), labels: labels() }, { scorer: mahalanobis(), alpha: 0.05 });

/** The same of images as the page of reports has them. */
const bytesDetector = async () =>
  fitDetector(classifier(8), { images: byteImages(90, 8), labels: labels() }, { scorer: mahalanobis(), alpha: 0.05 });

const toEvaluate = {
  fresh: () => imageTensor(30),
  freshLabels: () => labelsOf(30),
  letters: () => tf.randomUniform([12, 16, 16, 3], 0, 1, 'float32', 7),
  noise: () => tf.randomUniform([12, 16, 16, 3], 0, 1, 'float32', 8),
};

/** A trainer of a small network on 16 x 16 images, and what it trains on. */
const network = (side: number, units = 2) =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [side, side, 3], name: 'flat' }),
      tfl.layers.dense({ units, name: 'embedding', kernelInitializer: tfl.initializers.glorotUniform({ seed: 5 }) }),
    ],
  });
const trainer = (side = 16) =>
  createTrainer(network(side), { loss: (y, x) => odmLoss(y, x, { pairs: 'all' }), learningRate: 1e-3, seed: 1 });
const withOod = (count: number) => labelsOf(count).map((label, i) => (i % 8 === 7 ? -1 : label));
const batches = (count = 90) => odmBatches(withOod(count), { batchSize: 16, seed: 1 });

const reportSet = (count: number, away: number, seed: number) => ({
  scores: scores(count, away, seed),
  labels: labelsOf(count),
  nearest: labelsOf(count),
  embeddings: rows(count, 3, seed, away),
  images: byteImages(count, 8),
});
const strange = ({ scores, nearest, embeddings, images }: ReturnType<typeof reportSet>) => ({
  scores,
  nearest,
  embeddings,
  images,
});
const accumulated = (away: number) => {
  const accumulator = new ScoreAccumulator();
  accumulator.add(scores(100, away));
  return accumulator;
};

/** Images of 32 x 32 for a short training, and sets to score after it. */
const training = (count: number) => ({
  set: () => byteImages(count),
  known: () => byteImages(9),
  knownLabels: () => labelsOf(9),
  test: () => byteImages(30),
  strange: () => byteImages(6),
});

/** What stands for a queue where nothing is added. */
const queue = () => ({ addBulk: () => Promise.resolve([]) });

/** A file of four bytes behind an address of this machine. */
const served = {
  url: async () => {
    const server = createServer((_, response) => response.end(Uint8Array.of(1, 2, 3, 4))).unref();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/train.bin`;
  },
  sha256: () =>
    createHash('sha256')
      .update(Uint8Array.of(1, 2, 3, 4))
      .digest('hex'),
};

/** The calls of `usearch` that the page shows; they are made only when a scorer is fitted. */
interface Usearch {
  Index: new (options: object) => {
    add(keys: BigUint64Array, rows: Float32Array, threads: number): void;
    search(queries: Float32Array, k: number, threads: number): { keys: BigUint64Array };
  };
}

/** What examples take for given: by the name or the page that shows them, and for all. Made anew for each. */
export const given = {
  everywhere: {
    epoch: () => 1,
    step: () => 7,
    model: () => classifier(),
    images: () => imageTensor(),
    image: () => imageTensor(1),
    labels,
    features,
    logits,
    embeddings: () => tf.tensor2d(rows().data, [90, 6]),
    one: () => rows(1),
    oneLogits: () => rows(1, 3, 5),
    blocks,
    bytes: async () => encodeScorer((await fitted()).state()),
    gzipped: () => new Uint8Array(gzipSync(new Uint8Array(100))),
    inScores: () => scores(300, 0),
    outScores: () => scores(100, 3),
    trainer: () => trainer(),
    set: () => byteImages(90, 16),
    batches: () => batches(),
  },
  parquetBlocks: blockFiles,
  arrowBlocks: blockFiles,
  npyBlocks: blockFiles,
  npzBlocks: blockFiles,
  safetensorsBlocks: blockFiles,
  httpRanges: blockFiles,
  encodeScorer: { scorer: fitted },
  exposeFeatures: { model: onnxModel },
  joinOnnx: { model: onnxModel, features: () => rows(90, 4), logits: () => rows(90, 3, 5) },
  'docs/onnx.md': { pixels: () => rows().data },
  decodeSafetensors: {
    bytes: () => encodeSafetensors({ mean: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } }),
  },
  loadOutputDetector: {
    bytes: async () =>
      (await fitOutputDetector({ features: features(), labels: labels() }, { scorer: mahalanobis() })).toBytes(),
  },
  NeighborIndexMaker: {
    myIndexOf: () => (rows: Float32Array, size: number) => ({
      search: () => Int32Array.of(rows.length / size),
      dispose: () => undefined,
    }),
  },
  concatImages: { first: () => cifarBinary(2), second: () => cifarBinary(3) },
  download: served,
  fitJob: { queue },
  scoreJob: { queue },
  followRun: { events: () => new EventEmitter() },
  'docs/jobs.md': { queue },
  writeFileAtomic: { metrics: () => ({ auroc: 0.9 }) },
  detectorFile: { detector: fittedDetector },
  modelFolder: { tfl: () => tfl },
  loadDetector: { detector: fittedDetector },
  describeDetector: { detector: fittedDetector },
  writeReport: { known: () => reportSet(60, 0, 1), other: () => strange(reportSet(20, 2, 2)) },
  'docs/detector.md': { detector: fittedDetector, ...toEvaluate },
  asLayersLabels: { model: () => network(16, 10), labels: () => withOod(90) },
  asLayersLoss: { model: () => network(16, 10) },
  createTrainer: { images: () => imageTensor(4, 32) },
  embed: { test: () => byteImages(2) },
  gatherImages: { train: () => byteImages(9) },
  SeededDropout: { x: () => tf.ones([4, 3]) },
  'docs/evaluate.md': {
    tinyScores: () => scores(100, 2),
    svhnScores: () => scores(100, 3),
    noiseScores: () => scores(100, 4),
    ofMsp: () =>
      evaluate(
        {
          in: scores(300, 0, 2),
          out: { 'tiny-imagenet': scores(100, 1), svhn: scores(100, 2), noise: scores(100, 3) },
        },
        { groups: { near: ['tiny-imagenet'], far: ['svhn', 'noise'] } },
      ),
    scorer: () => energy(),
    batch: () => ({ logits: logits() }),
    ofAnotherWorker: () => accumulated(0),
    outside: () => accumulated(3),
    scores: () => scores(100, 0),
    outSketch: () => {
      const sketch = new ScoreSketch();
      sketch.add(scores(200, 3));
      return sketch;
    },
  },
  'docs/gaussian-scorers.md': {
    other: async () => {
      const store = new ClassScatter();
      await store.add(features(), labels());
      return store;
    },
  },
  'docs/head-scorers.md': {
    weights: () => rows(512, 10).data,
    bias: () => new Float32Array(10).fill(0.1),
    blocks: () => [{ features: rows(600, 512) }],
    features: () => rows(5, 512),
  },
  'docs/training.md': {
    ...training(48),
    labels: () => withOod(48),
    trainer: () => trainer(32),
    batches: () => batches(48),
  },
  'docs/losses.md': { labels: () => withOod(1024), embeddings: () => tf.tensor2d(rows(1024, 10).data, [1024, 10]) },
  'docs/metrics.md': { otherIn: () => scores(300, 0, 2), otherOut: () => scores(100, 2, 2) },
  'docs/neighbors.md': { usearch: (): Usearch => Object.create(null) as Usearch },
  'docs/node.md': {
    ...served,
    config: () => ({ seed: 1 }),
    bytes: () => encodeSafetensors({}),
    loss: () => 0.5,
    metrics: () => ({ auroc: 0.9 }),
  },
  'docs/open-set.md': { inside: () => ({ scores: [0.1, 0.2, 0.4], predicted: [0, 1, 1], labels: [0, 1, 2] }) },
  'docs/report.md': {
    detector: bytesDetector,
    known: () => reportSet(60, 0, 1),
    letters: () => strange(reportSet(20, 2, 2)),
    noise: () => strange(reportSet(20, 4, 3)),
    scores: () => reportSet(60, 0, 1).scores,
    labels: () => reportSet(60, 0, 1).labels,
    nearest: () => reportSet(60, 0, 1).nearest,
    embeddings: () => reportSet(60, 0, 1).embeddings,
    images: () => reportSet(60, 0, 1).images,
    classNames: () => ['zero', 'one', 'two'],
  },
  'docs/thresholds.md': {
    scoresOfKnownImages: () => scores(300, 0),
    heldOutScores: () => scores(300, 0, 2),
    predictedClasses: () => labelsOf(300),
    predictedClass: () => 1,
    score: () => 2.5,
    logits,
    labels,
    fingerprint: () => '9f2c',
  },
  'docs/will-my-model-work.md': { tagger, base, head },
  'docs/recipes/teachable-machine.md': {
    images: () => pictures(),
    image: () => pictures(1)[0]!,
    metadata: () => ({ packageName: '@teachablemachine/image', labels: ['circle', 'square', 'triangle'] }),
  },
  'docs/compare-scorers.md': { strangeImages: () => tf.randomUniform([30, 16, 16, 3], 0, 1, 'float32', 1) },
  'docs/recipes/web-worker.md': { context: () => Object.create(null) as CanvasRenderingContext2D },
  'docs/recipes/react-native.md': {
    bytes: async () =>
      (await fitOutputDetector({ logits: logits(), labels: labels() }, { scorer: energy() })).toBytes(),
  },
  'docs/recipes/onnx-runtime.md': {
    onnxFile: () => readFileSync(new URL('../../examples/onnx-features/digits.onnx', import.meta.url)),
    knownPixels: () => rows(60, 784).data,
    onePixels: () => rows(1, 784).data,
    labels: () => labelsOf(60),
  },
  'docs/recipes/streaming-calibration.md': {
    featuresOfPart: () => (part: number) => rows(30, 6, part),
    labelsOfPart: () => (part: number) => labelsOf(30).map((label) => (label + part) % 3),
    batchesOfScores: () => [scores(200, 0), scores(100, 0, 2)],
  },
} satisfies Record<string, Record<string, () => unknown>>;
