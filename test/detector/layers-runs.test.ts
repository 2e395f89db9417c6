import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { energy, nearestNeighbors } from 'tfjs-ood/scorers';
import { featuresOf, fitDetector } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';
import {
  bothOf,
  expectSoftmax,
  first,
  free,
  gap,
  inputs,
  last,
  layers,
  modelOf,
  reshape,
  withWeights,
} from './layers-models';

onEachBackend('what layers are given and give', () => {
  test('one tensor twice: the output that is also the last state', async () => {
    const input = tfl.input({ shape: [5, 3] });
    const recurrent = layers.lstm({ units: 4, returnState: true, recurrentInitializer: 'glorotUniform' });
    const [output, , cell] = recurrent.apply(input) as tfl.SymbolicTensor[];
    const joined = layers.concatenate().apply([output!, cell!]);
    const shares = last(3, { activation: 'softmax' }).apply(joined) as tfl.SymbolicTensor;
    const model = withWeights(tfl.model({ inputs: input, outputs: shares }));
    const x = inputs([4, 5, 3]);
    expect((await bothOf(model, (one) => expectSoftmax(one, x))).shapes.features).toEqual([4, 8]);
    x.dispose();
  });

  test('whole numbers, which floats would become: 0 where they are pixels', async () => {
    const input = tfl.input({ shape: [6, 6, 1], dtype: 'int32' });
    const scaled = layers.rescaling({ scale: 1 / 255, dtype: 'float32' }).apply(input);
    const shares = last(3, { activation: 'softmax' }).apply(layers.flatten({ name: 'flat' }).apply(scaled));
    const model = withWeights(tfl.model({ inputs: input, outputs: shares as tfl.SymbolicTensor }));
    const [x, bytes] = [inputs([60, 6, 6, 1]), tf.tidy(() => tf.cast(tf.mul(inputs([60, 6, 6, 1]), 255), 'int32'))];
    await expectSoftmax(model, bytes);
    const message = 'images must be a tensor of int32, pixels from 0 to 255, as the model takes, got float32';
    expect(() => featuresOf(model).run(x)).toThrow(ArgumentError);
    expect(() => featuresOf(model).run(x)).toThrow(message);
    const refused = fitDetector(model, { images: x }, { scorer: energy(), alpha: 0.2 });
    await expect(refused).rejects.toThrow(`fitDetector: ${message}`);
    const set = { images: Uint8Array.from(await bytes.data()), shape: [60, 6, 6, 1] };
    const scorer = nearestNeighbors({ k: 3 });
    const detector = await fitDetector(model, { images: bytes }, { scorer, alpha: 0.2 });
    expect(await detector.predict(bytes)).toEqual(await detector.predict(set));
    for (const one of [detector, x, bytes]) one.dispose();
    free(model);
  });

  test('a softmax inside a layer of another kind, named as logits, is refused', () => {
    for (const own of [
      layers.separableConv2d({ filters: 3, kernelSize: 1, activation: 'softmax', name: 'own' }),
      layers.conv2dTranspose({ filters: 3, kernelSize: 1, activation: 'softmax', name: 'own' }),
    ]) {
      const model = modelOf(first(4), gap(), reshape(1, 1, 4), own, layers.flatten({ name: 'flat' }));
      for (const logits of ['own', 'flat']) {
        expect(() => featuresOf(model, { logits, features: 'gap' })).toThrow(
          `featuresOf: logits must be a layer before the softmax or sigmoid, got the softmax of '${logits}' [N, 1, 1, 3]`,
        );
      }
      free(model);
    }
  });
});
