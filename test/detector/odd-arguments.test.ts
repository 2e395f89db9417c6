import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { energy, mahalanobis } from 'tfjs-ood/scorers';
import { featuresOf, fitDetector, fitOutputDetector, loadDetector, type Detector } from 'tfjs-ood/detector';

let model: tfl.LayersModel;
let detector: Detector;
const known = { images: Uint8Array.from({ length: 160 }, (_, i) => (i * 37) % 256), shape: [40, 2, 2, 1] as const };
const labels = Array.from({ length: 40 }, (_, i) => i % 2);
const data = { images: known, labels };
const outputs = {
  logits: { data: Float32Array.from({ length: 80 }, (_, i) => Math.sin(i) * 4), shape: [40, 2] as const },
  labels,
};

beforeAll(async () => {
  await tf.setBackend('cpu');
  model = tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [2, 2, 1] }),
      tfl.layers.dense({ units: 2, name: 'last', kernelInitializer: tfl.initializers.glorotUniform({ seed: 3 }) }),
    ],
  });
  detector = await fitDetector(model, data, { scorer: energy(), alpha: 0.2 });
});
afterAll(() => model.dispose());

const refuses = async (asked: () => unknown, message: string) => {
  const answer = Promise.resolve().then(asked);
  await expect(answer, message).rejects.toThrow(ArgumentError);
  await expect(answer, message).rejects.toThrow(message);
};

/** Without types, as JavaScript has it. */
const any = <T>(value: unknown) => value as T;

describe('what people hold in their hands is named, and what to pass instead', () => {
  /** The model as other libraries wrap it. */
  class Wrapper {
    constructor(readonly model: unknown) {}
    predict() {}
  }
  const graph = { execute: () => tf.zeros([1]), weights: {}, outputs: [] };
  const cases: [string, () => unknown, string, string][] = [
    ['a wrapper', () => new Wrapper(model), ' (pass its .model)', '{ model }'],
    ['a wrapper of a GraphModel', () => new Wrapper(graph), ' (pass its .model)', '{ model }'],
    ['two wrappers', () => ({ inner: new Wrapper(model) }), ' (pass its .inner.model)', '{ inner }'],
    ['a wrapper of another name', () => ({ net: model, predict() {} }), ' (pass its .net)', '{ net, predict }'],
    ['a promise', () => Promise.resolve(model), ' (await it)', 'a promise'],
    ['a URL', () => 'model.json', ' (load it first, as by tf.loadLayersModel(url))', 'model.json'],
    ['undefined', () => undefined, '', 'undefined'],
    ['null', () => null, '', 'null'],
    ['a number', () => 5, '', '5'],
    ['some object', () => ({ a: 1 }), '', '{ a }'],
  ];

  test.each(cases)('%s', async (_, made, way, received) => {
    const given = made();
    const kinds = 'model must be a LayersModel, a GraphModel or { run(images) }';
    await refuses(
      () => fitDetector(any(given), data, { scorer: energy() }),
      `fitDetector: ${kinds}${way}, got ${received}`,
    );
    await refuses(() => loadDetector(any(given), detector.toBytes()), `loadDetector: ${kinds}${way}, got ${received}`);
    const two = 'featuresOf: model must be a LayersModel or a GraphModel';
    await refuses(() => featuresOf(any(given)), `${two}${way}, got ${received}`);
  });

  test('a function by itself', async () => {
    const run = () => ({ logits: tf.zeros([1, 2]) });
    await refuses(
      () => fitDetector(any(run), data, { scorer: energy() }),
      '(pass { run: yourFunction }), got a function',
    );
    await refuses(
      () => featuresOf(any({ run })),
      'featuresOf: model must be a LayersModel or a GraphModel, got { run }',
    );
  });

  test('data, images, labels, options that are missing', async () => {
    const scorer = energy();
    await refuses(
      () => fitDetector(model, any(null), { scorer }),
      'fitDetector: data must be { images, labels }, got null',
    );
    await refuses(
      () => fitDetector(model, any(undefined), { scorer }),
      'data must be { images, labels }, got undefined',
    );
    await refuses(() => fitDetector(model, any({ labels }), { scorer }), 'fitDetector: images must be');
    await refuses(() => fitDetector(model, any({ images: null }), { scorer }), 'fitDetector: images must be');
    await refuses(
      () => fitDetector(model, { images: known }, { scorer: mahalanobis() }),
      'fitDetector: labels must be',
    );
    await refuses(() => fitDetector(model, { images: known, labels: any(null) }, { scorer }), 'labels must be');
    for (const [options, message] of [
      [undefined, 'scorer must be a method such as mahalanobis(), got undefined'],
      [null, 'options must be an object, got null'],
    ]) {
      await refuses(() => fitDetector(model, data, any(options)), `fitDetector: ${message}`);
      await refuses(() => fitOutputDetector(outputs, any(options)), `fitOutputDetector: ${message}`);
    }
    await refuses(
      () => fitDetector(model, data, any({})),
      'scorer must be a method such as mahalanobis(), got undefined',
    );
    for (const given of [null, undefined, 'x']) {
      const expected = 'fitOutputDetector: outputs must be an object { features, logits, labels }';
      await refuses(() => fitOutputDetector(any(given), { scorer }), `${expected}, got ${given}`);
    }
    await refuses(
      () => fitOutputDetector({}, { scorer }),
      'outputs must be an object { features, logits, labels }, got {',
    );
  });

  test('what a prediction is asked with', async () => {
    await refuses(() => detector.predict(known, any(null)), 'Detector.predict: options must be an object, got null');
    await refuses(() => detector.predict(any(undefined)), 'Detector.predict: images must be');
    await refuses(() => detector.predict(any(null)), 'Detector.predict: images must be');
    await refuses(() => detector.predict(known, any({ cutpoint: 'x' })), 'without cutpoint (cutPoint?)');
    const none = { images: new Uint8Array(0), shape: [0, 2, 2, 1] as const };
    await refuses(() => detector.predict(none, any({ cutpoint: 'x' })), 'without cutpoint (cutPoint?)');
    const inner = await fitOutputDetector(outputs, { scorer: energy(), alpha: 0.2 });
    await refuses(() => inner.predict(outputs, any({ cutpoint: 0.1 })), 'without cutpoint (cutPoint?)');
    await refuses(() => inner.predict(outputs, any(null)), 'options must be an object, got null');
  });

  test('options by their rules, and none that there is not', async () => {
    const fit = (options: object) => fitDetector(model, data, { scorer: energy(), ...options });
    const behind = (options: object) => fitOutputDetector(outputs, { scorer: energy(), ...options });
    for (const one of [fit, behind]) {
      await refuses(() => one({ alhpa: 0.1 }), 'options must be without alhpa (alpha?)');
      await refuses(() => one({ classnames: ['a', 'b'] }), 'without classnames (classNames?)');
      await refuses(() => one({ blockSize: 0 }), 'blockSize must be a whole number from 1, got 0');
      await refuses(() => one({ blockSize: '8' }), 'blockSize must be a whole number from 1, got 8');
      await refuses(() => one({ seed: 0.5 }), 'seed must be a whole number, got 0.5');
      await refuses(() => one({ classNames: 'ab' }), 'classNames must be a list of names, got ab');
      await refuses(() => one({ onProgress: 5 }), 'onProgress must be a function, got 5');
      await refuses(() => one({ alpha: null }), 'alpha must be a');
      await refuses(() => one({ cutPoints: 'strict' }), 'cutPoints must be false-alarm rates by name');
      await refuses(() => one({ calibrationShare: 1 }), 'calibrationShare must be a');
      await refuses(() => one({ classNames: ['a', 'b', 'c'] }), 'classNames must be 2 names, one for each column');
      await refuses(() => one({ scorer: 5 }), 'scorer must be a method such as mahalanobis(), got 5');
    }
    await refuses(() => fit({ pool: 'max' }), 'pool must be average, got max');
    await refuses(() => fit({ logits: 5 }), 'logits must be a string, got 5');
    await refuses(() => behind({ features: 'x' }), 'options must be without features');
    await refuses(() => behind({ logitsOf: 5 }), 'logitsOf must be a function, got 5');
    await refuses(() => featuresOf(model, any({ feature: 'x' })), 'options must be without feature (features?)');
    await refuses(() => featuresOf(model, any(null)), 'featuresOf: options must be an object, got null');
  });
});
