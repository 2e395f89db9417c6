import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { fitDetector, loadDetector } from 'tfjs-ood/detector';
import {
  classGaussians,
  mahalanobis,
  nearestNeighbors,
  relativeMahalanobis,
  vim,
  type ScorerMethod,
} from 'tfjs-ood/scorers';

/** From and to, in milliseconds of the page. */
export type Span = readonly [from: number, to: number];

/** What went on in the page while a detector was fitted. */
export interface Traced {
  /** Of the call, and of each pass through a layer of the model, on the clock of `performance.now()`. */
  call: Span;
  model: readonly Span[];
}

/** A classifier shaped as MobileNet: depthwise and pointwise convolutions, 1280 features, 1000 classes. */
function mobileNet(): tfl.LayersModel {
  const { conv2d, depthwiseConv2d } = tfl.layers;
  const model = tfl.sequential();
  const how = { padding: 'same', activation: 'relu6', useBias: true } as const;
  model.add(conv2d({ ...how, inputShape: [224, 224, 3], filters: 16, kernelSize: 3, strides: 2 }));
  for (const [filters, strides] of [
    [24, 2],
    [32, 1],
    [48, 2],
    [64, 1],
    [96, 2],
    [160, 1],
    [320, 2],
  ] as const) {
    model.add(depthwiseConv2d({ ...how, kernelSize: 3, strides }));
    model.add(conv2d({ ...how, filters, kernelSize: 1 }));
  }
  model.add(conv2d({ ...how, filters: 1280, kernelSize: 1 }));
  model.add(tfl.layers.globalAveragePooling2d({}));
  model.add(tfl.layers.dense({ units: 1000, activation: 'softmax' }));
  return model;
}

/** Notes when the model's layers run. */
function watchLayers(model: tfl.LayersModel): Span[] {
  const spans: Span[] = [];
  for (const layer of model.layers) {
    const apply = layer.apply.bind(layer);
    layer.apply = (...given) => {
      const from = performance.now();
      try {
        return apply(...given);
      } finally {
        spans.push([from, performance.now()]);
      }
    };
  }
  return spans;
}

const COUNT = 100;
const images = {
  images: Uint8Array.from({ length: COUNT * 224 * 224 * 3 }, (_, i) => (i * 7919 + (i >> 9) * 104729) % 256),
  shape: [COUNT, 224, 224, 3] as const,
};
const labels = Array.from({ length: COUNT }, (_, i) => i % 10);
const floats = () => ({ images: new Float32Array(images.images).map((byte) => byte / 255), shape: images.shape });
/** As a camera gives them: each is brought to 224 x 224. */
const pictures = () =>
  Array.from({ length: 8 }, (_, i) => new ImageData(new Uint8ClampedArray(1280 * 960 * 4).fill(100 + i), 1280, 960));

let model: tfl.LayersModel;
let spans: Span[] = [];
const options = { calibration: 'held-out', alpha: 0.1 } as const;
const fitBy = (scorer: ScorerMethod) => fitDetector(model, { images, labels }, { ...options, scorer });

/** What is traced, by name, once its data are there; what comes back is called afterwards. */
const calls: Record<string, () => () => Promise<() => void>> = {
  mahalanobis: () => async () => (await fitBy(mahalanobis())).dispose,
  'relative-mahalanobis': () => async () => (await fitBy(relativeMahalanobis())).dispose,
  'relative-mahalanobis, ledoit-wolf': () => async () =>
    (await fitBy(relativeMahalanobis({ covariance: 'ledoit-wolf' }))).dispose,
  'class-gaussians, 2 classes': () => async () => {
    const data = { images, labels: labels.map((label) => label % 2) };
    return (await fitDetector(model, data, { ...options, scorer: classGaussians() })).dispose;
  },
  vim: () => async () => (await fitBy(vim({ dimension: 40 }))).dispose,
  'nearest-neighbors': () => async () => (await fitBy(nearestNeighbors({ k: 5 }))).dispose,
  'nearest-neighbors, floats': () => {
    const data = { images: floats(), labels };
    return async () => (await fitDetector(model, data, { ...options, scorer: nearestNeighbors({ k: 5 }) })).dispose;
  },
  'nearest-neighbors, a tensor': () => {
    const own = tf.tensor(floats().images, [...images.shape]);
    return async () => {
      const how = { ...options, scorer: nearestNeighbors({ k: 5 }) };
      const detector = await fitDetector(model, { images: own, labels }, how);
      return () => [detector, own].forEach((one) => one.dispose());
    };
  },
  'pictures of 1280 x 960, and a load': () => {
    const scorer = nearestNeighbors({ k: 1 });
    const data = { images: pictures() };
    return async () => {
      const how = { scorer, calibrationShare: 0.5, alpha: 0.4, input: { range: '0..1', size: [224, 224] } } as const;
      const detector = await fitDetector(model, data, how);
      const again = await loadDetector(model, detector.toBytes(), { scorer: nearestNeighbors({ k: 1 }) });
      return () => [detector, again].forEach((one) => one.dispose());
    };
  },
};

async function trace(name: string): Promise<Traced> {
  const call = calls[name]!();
  const settled = () => new Promise((resolve) => setTimeout(resolve, 300));
  await settled();
  spans.length = 0;
  const from = performance.now();
  performance.mark('call'); // so that the trace and this clock can be laid over each other
  const end = await call();
  const to = performance.now();
  const model = [...spans];
  await settled();
  end();
  return { call: [from, to], model };
}

async function start(): Promise<string[]> {
  setWasmPaths('/');
  await tf.setBackend('wasm');
  model = mobileNet();
  const warm = model.predict(tf.zeros([1, 224, 224, 3])) as tf.Tensor;
  await warm.data();
  spans = watchLayers(model);
  return Object.keys(calls);
}

Object.assign(window, { start, trace });
