import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { energy, nearestNeighbors } from 'tfjs-ood/scorers';
import { fitDetector, loadDetector, type DetectorModel, type FitDetectorOptions } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';
import { graphAfterHidden } from './graph-model';
import {
  conv,
  first,
  free,
  gap,
  inputs,
  last,
  layers,
  modelOf,
  sequential,
  Temperature,
  withWeights,
} from './layers-models';
import { keepDims, node, placeholder } from './tfjs-graph';

const scorer = nearestNeighbors({ k: 3 });
const COUNT = 60;

/** Verdicts of a detector of features alone, which must be those of the same features from a function. */
async function expectFeatures(
  model: DetectorModel,
  options: Partial<FitDetectorOptions>,
  featuresFrom: (x: tf.Tensor) => tf.Tensor | Promise<tf.Tensor>,
) {
  const [known, fresh] = [inputs([COUNT, 6, 6, 1], 1), inputs([5, 6, 6, 1], 2)];
  const run = async (x: tf.Tensor) => ({ features: (await featuresFrom(x)) as tf.Tensor2D });
  const [own, wanted] = [
    await fitDetector(model, { images: known }, { scorer, alpha: 0.2, ...options }),
    await fitDetector({ run }, { images: known }, { scorer, alpha: 0.2 }),
  ];
  const verdicts = await wanted.predict(fresh);
  expect(await own.predict(fresh)).toEqual(verdicts);
  const again = await loadDetector(model, own.toBytes(), { scorer });
  expect(await again.predict(fresh)).toEqual(verdicts);
  [known, fresh, own, wanted, again].forEach((one) => one.dispose());
}

/** A model without logits, of two models: `body` to a row of 4, `tip` to a row of 2. */
const twoModels = () =>
  modelOf(
    sequential({ name: 'body', layers: [first(4), gap()] }),
    sequential({
      name: 'tip',
      layers: [
        layers.dense({ units: 5, inputShape: [4], activation: 'relu', name: 'unit' }),
        last(2),
        new Temperature({ name: 'temp' }),
      ],
    }),
  );

onEachBackend('features where no logits are to be found', () => {
  test('of a layer inside a nested model, by its path or name alone', async () => {
    const model = twoModels();
    const [body, tip] = model.layers as [tfl.LayersModel, tfl.LayersModel];
    const unit = tfl.model({ inputs: tip.inputs, outputs: tip.getLayer('unit').output });
    const units = (x: tf.Tensor) => tf.tidy(() => unit.predict(body.predict(x)) as tf.Tensor);
    for (const features of ['unit', 'tip/unit']) await expectFeatures(model, { features }, units);
    const map = tfl.model({ inputs: body.inputs, outputs: body.getLayer('c').output });
    await expectFeatures(model, { features: 'body/c', pool: 'average' }, (x) =>
      tf.tidy(() => tf.mean(map.predict(x) as tf.Tensor, [1, 2])),
    );
    free(model);
  });

  test('of a model whose layers were applied again', async () => {
    const model = modelOf(first(4), gap(), new Temperature());
    const pooled = tfl.model({ inputs: model.inputs, outputs: model.getLayer('gap').output });
    const again = tfl.input({ shape: [6, 6, 1] });
    model.layers.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, again);
    await expectFeatures(model, { features: 'gap' }, (x) => pooled.predict(x) as tf.Tensor);
    free(model);
  });

  test('of a graph of several outputs, one image at a time, behind a branch', async () => {
    const nodes = [
      node('switch', 'Switch', ['hidden', 'yes']),
      node('halved', 'Mul', ['switch:1', 'half']),
      node('merge', 'Merge', ['switch', 'halved']),
      node('other', 'Relu', ['merge']),
    ];
    const constants = { yes: { shape: [], values: [1], dtype: 'bool' as const }, half: { shape: [], values: [0.5] } };
    const outputs = { one: { name: 'other:0' }, two: { name: 'hiddenSum:0' } };
    const open = await graphAfterHidden([]);
    const hidden = (x: tf.Tensor) => open.execute(x, 'hidden') as tf.Tensor;
    const single = { outputs, images: placeholder('images', [1, 6, 6, 1]) };
    const ones = await graphAfterHidden([node('other', 'Relu', ['hidden'])], single);
    await expectFeatures(ones, { features: 'hidden' }, hidden);
    const branched = await graphAfterHidden(nodes, { ...single, constants });
    await expectFeatures(branched, { features: 'merge' }, (x) => tf.tidy(() => tf.mul(hidden(x), 0.5)));
    for (const model of [open, ones, branched]) model.dispose();
  });
});

describe('what is asked for', () => {
  beforeAll(() => tf.setBackend('cpu'));

  test('of a scorer of features it is a name of these, never of logits', async () => {
    const known = inputs([COUNT, 6, 6, 1]);
    const fit = (model: DetectorModel, options: Partial<FitDetectorOptions> = {}) =>
      fitDetector(model, { images: known }, { scorer, alpha: 0.2, ...options });
    const model = twoModels();
    const listed =
      'features must be the layer of the features: one of tip [N, 2], tip/unit [N, 5], tip/last [N, 2], ' +
      'tip/temp [N, 2], body [N, 4], body/c [N, 4, 4, 4], body/gap [N, 4], got none';
    await expect(fit(model)).rejects.toThrow(`fitDetector: ${listed}`);
    await expect(fit(model, { features: 'tip/unot' })).rejects.toThrow(
      'features must be one of tip [N, 2], tip/unit [N, 5], ',
    );
    await expect(fit(model, { scorer: energy() })).rejects.toThrow('(name the layer of the logits otherwise)');
    const map = modelOf(first(4), conv(3, { name: 'map', activation: 'softmax' }));
    await expect(fit(map)).rejects.toThrow('features must be the layer of the features: one of map [N, 2, 2, 3], c [');
    const nodes = [node('sum', 'Sum', ['hidden', 'axis'], keepDims(true)), node('end', 'RealDiv', ['hidden', 'sum'])];
    const axis = { shape: [1], values: [-1], dtype: 'int32' as const };
    const shares = await graphAfterHidden(nodes, { constants: { axis } });
    await expect(fit(shares)).rejects.toThrow('fitDetector: features must be the node of the features: one of end');
    for (const one of [known, shares]) one.dispose();
    free(model, map);
  });

  test('an output that is none stays an error where features are named', async () => {
    const input = tfl.input({ shape: [6, 6, 1] });
    const pooled = gap().apply(conv(4).apply(input));
    const ends = [
      layers.dense({ units: 3, activation: 'softmax', name: 'class' }).apply(pooled),
      layers.dense({ units: 4, name: 'box' }).apply(pooled),
    ] as tfl.SymbolicTensor[];
    const model = withWeights(tfl.model({ inputs: input, outputs: ends }));
    const known = inputs([COUNT, 6, 6, 1]);
    const fit = (output?: string) =>
      fitDetector(model, { images: known }, { scorer, features: 'gap', alpha: 0.2, ...(output && { output }) });
    (await fit()).dispose(); // nobody asks which output
    (await fit('class')).dispose();
    await expect(fit('clas')).rejects.toThrow('output must be one of class [N, 3]');
    known.dispose();
    free(model);
  });
});
