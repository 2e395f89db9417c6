import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { energy, react } from 'tfjs-ood/scorers';
import { featuresOf, fitDetector, loadDetector } from 'tfjs-ood/detector';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { expectSoftmax, free, inputs, layers, read, saveAndLoad, sequential, withWeights } from './layers-models';

const x = () => inputs([4, 6, 6, 1]);

const base = (name: string) =>
  sequential({
    name,
    layers: [
      layers.conv2d({ inputShape: [6, 6, 1], filters: 4, kernelSize: 3, activation: 'relu', name: `${name}_conv` }),
      layers.batchNormalization({ name: `${name}_norm` }),
    ],
  });
const pool = (name: string) => layers.globalAveragePooling2d({ name, dataFormat: 'channelsLast' });
const head = (name: string, size = 4) =>
  sequential({
    name,
    layers: [
      layers.dense({ inputShape: [size], units: 8, activation: 'relu', name: `${name}_hidden` }),
      layers.dropout({ rate: 0.5, name: `${name}_drop` }),
      layers.dense({ units: 3, activation: 'softmax', useBias: false, name: `${name}_last` }),
    ],
  });

/** Models of one kind: [6, 6, 1] in, three shares out, the features eight units before them. */
const nested: Record<string, () => tfl.LayersModel> = {
  'Sequential in Sequential': () =>
    sequential({ layers: [sequential({ name: 's1', layers: [base('s2'), pool('gap')] }), head('s3')] }),
  'four deep': () =>
    sequential({
      layers: [
        sequential({ layers: [sequential({ layers: [sequential({ layers: [base('b')] })] }), pool('gap')] }),
        sequential({ layers: [sequential({ layers: [sequential({ layers: [head('h')] })] })] }),
      ],
    }),
  'applied to spectrograms': () => {
    const input = tfl.input({ shape: [6, 6, 1] });
    const map = base('b').apply(input);
    const pooled = pool('gap').apply(map);
    return tfl.model({ inputs: input, outputs: head('h').apply(pooled) as tfl.SymbolicTensor });
  },
  'a head on the outputs of a base': () => {
    const whole = base('b');
    const cut = tfl.model({ inputs: whole.inputs, outputs: whole.layers[1]!.output });
    const pooled = pool('gap').apply(cut.outputs[0]!);
    return tfl.model({ inputs: cut.inputs, outputs: head('h').apply(pooled) as tfl.SymbolicTensor });
  },
  'alone in a Sequential': () => {
    const input = tfl.input({ shape: [6, 6, 1] });
    const pooled = pool('gap').apply(base('b').apply(input));
    const inner = tfl.model({ inputs: input, outputs: head('h').apply(pooled) as tfl.SymbolicTensor });
    return sequential({ layers: [inner] });
  },
};

onEachBackend('LayersModels as people build them', () => {
  test.each(Object.keys(nested))('models in models: %s', async (kind) => {
    const model = withWeights(nested[kind]!());
    const images = x();
    const built = await expectSoftmax(model, images);
    expect(built.shapes).toEqual({ features: [4, 8], logits: [4, 3] });
    expect(Math.min(...built.features)).toBeGreaterThanOrEqual(0); // behind the relu
    const loaded = await saveAndLoad(model);
    expect(await expectSoftmax(loaded, images)).toEqual(built);
    images.dispose();
    free(model, loaded);
  });

  test('a detector around one, saved and loaded, with the head', async () => {
    const model = withWeights(nested['Sequential in Sequential']!());
    const images = inputs([80, 6, 6, 1]);
    const labels = Int32Array.from({ length: 80 }, (_, i) => i % 3);
    for (const scorer of [energy(), react()]) {
      const detector = await fitDetector(model, { images, labels }, { scorer, alpha: 0.2 });
      const again = await loadDetector(model, detector.toBytes(), { scorer });
      expect(await again.predict(images)).toEqual(await detector.predict(images));
      detector.dispose();
      again.dispose();
    }
    images.dispose();
    free(model);
  });

  test('layers applied again to a new input: both models work', async () => {
    const model = withWeights(
      sequential({
        layers: [
          layers.flatten({ inputShape: [6, 6, 1] }),
          layers.dense({ units: 5, activation: 'relu' }),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      }),
    );
    const images = x();
    const before = await expectSoftmax(model, images);
    const input = tfl.input({ shape: [6, 6, 1] });
    let end: tfl.SymbolicTensor = input;
    for (const layer of model.layers) end = layer.apply(end) as tfl.SymbolicTensor;
    const again = tfl.model({ inputs: input, outputs: end });
    expect(() => model.layers[1]!.output).toThrow('multiple inbound nodes'); // tfjs itself gives none
    expect(await expectSoftmax(again, images)).toEqual(before);
    expect(await expectSoftmax(model, images)).toEqual(before);
    const hidden = model.layers[1]!.name;
    expect(await expectSoftmax(again, images, { features: hidden })).toEqual(before);
    images.dispose();
    free(model);
  });

  test('a model that is used twice inside another', async () => {
    const inner = sequential({
      name: 'twin',
      layers: [layers.dense({ inputShape: [6], units: 6, activation: 'tanh', name: 'in' })],
    });
    const input = tfl.input({ shape: [6] });
    const twice = inner.apply(inner.apply(input));
    const model = withWeights(
      tfl.model({
        inputs: input,
        outputs: layers.dense({ units: 3, activation: 'softmax' }).apply(twice) as tfl.SymbolicTensor,
      }),
    );
    const rows = inputs([3, 6]);
    const { features } = await expectSoftmax(model, rows);
    const wanted = tf.tidy(() => inner.apply(inner.apply(rows)) as tf.Tensor);
    expectClose(features, await wanted.data());
    expect(() => featuresOf(model, 'twin/in')).toThrow(
      'a layer that the model uses once, got twin/in, which it uses 2',
    );
    tf.dispose([rows, wanted]);
    free(model);
  });

  test('masks go on as tfjs-layers hands them on', async () => {
    const model = withWeights(
      sequential({
        layers: [
          layers.embedding({ inputShape: [5], inputDim: 7, outputDim: 4, maskZero: true }),
          sequential({
            layers: [
              layers.simpleRNN({ inputShape: [5, 4], units: 6, recurrentInitializer: 'glorotUniform' }),
              layers.dense({ units: 3, activation: 'softmax' }),
            ],
          }),
        ],
      }),
    );
    const words = tf.tensor2d([1, 2, 0, 0, 0, 3, 4, 5, 6, 0], [2, 5]);
    // Without the mask the zeros would be words.
    await expectSoftmax(model, words);
    words.dispose();
    free(model);
  });

  test('features inside a nested model, by the path or the name alone', async () => {
    const model = withWeights(nested['Sequential in Sequential']!());
    const images = x();
    const byDefault = await read(model, images);
    const hidden = await read(model, images, { features: 's3/s3_hidden' });
    expect(hidden).toEqual(byDefault);
    expect(await read(model, images, { features: 's3_drop' })).toEqual(byDefault);
    // Of the model as a whole: its last layer's output.
    const pooled = await read(model, images, { features: 's1/s2/s2_norm', pool: 'average' });
    expect(pooled).toEqual(await read(model, images, { features: 's1' }));
    expect(pooled.shapes.features).toEqual([4, 4]);
    expect(await read(model, images, { logits: 's3' })).toEqual(byDefault);
    images.dispose();
    free(model);
  });

  test('the class that Keras saves functional models under', async () => {
    const model = withWeights(nested['applied to spectrograms']!());
    const images = x();
    const built = await expectSoftmax(model, images);
    const loaded = await saveAndLoad(model, (json) => json.replaceAll('"Model"', '"Functional"'));
    expect(loaded.getClassName()).toBe('Functional');
    expect(await expectSoftmax(loaded, images)).toEqual(built);
    images.dispose();
    free(model, loaded);
  });

  test('logits inside a nested model have the gradient that the model has', async () => {
    const model = withWeights(nested['applied to spectrograms']!());
    const images = x() as tf.Tensor4D;
    const { logitsOf } = featuresOf(model);
    const weights = tf.tensor2d([1, -2, 3], [1, 3]);
    const ours = tf.grad((given) => tf.sum(tf.mul(tf.softmax(logitsOf(given as tf.Tensor4D)), weights)))(images);
    const theirs = tf.grad((given) => tf.sum(tf.mul(model.apply(given) as tf.Tensor, weights)))(images);
    const wanted = await theirs.data();
    expect(Math.max(...wanted)).toBeGreaterThan(1e-3);
    expectClose(await ours.data(), wanted, { absolute: 1e-5 });
    tf.dispose([images, weights, ours, theirs]);
    free(model);
  });

  test('what no later layer needs is freed on the way', () => {
    const peak = (depth: number) => {
      const hidden = Array.from({ length: depth }, () => layers.dense({ inputShape: [4], units: 4 }));
      const model = sequential({ layers: [...hidden, layers.dense({ units: 3 })] });
      const rows = inputs([2, 4]);
      const before = tf.memory().numTensors;
      let most = 0;
      model.layers.at(-1)!.setCallHook(() => (most = tf.memory().numTensors - before));
      tf.dispose({ ...featuresOf(model).run(rows) });
      rows.dispose();
      free(model);
      return most;
    };
    expect(peak(20)).toBe(peak(2));
  });
});
