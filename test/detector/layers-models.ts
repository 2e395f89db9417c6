import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { seededRandom } from 'tfjs-ood';
import { featuresOf, type OutputNames } from 'tfjs-ood/detector';
import { expect } from 'vitest';
import { expectClose } from '../expect-close';

export const { layers, sequential } = tfl;
type Layer = tfl.layers.Layer;

/** Weights from a seed, of a size at which all of them matter; variances above 0. */
export function withWeights<M extends tfl.LayersModel>(model: M, seed = 5): M {
  const random = seededRandom(seed);
  const values = model.weights.map(({ shape, originalName }) => {
    const size = shape.reduce<number>((all, side) => all * side!, 1);
    const spread = 1 / Math.sqrt(Math.max(1, size / (shape.at(-1) ?? 1)));
    const number = originalName.includes('variance') ? () => 1 + random.uniform() : () => spread * random.normal();
    return tf.tensor(Float32Array.from({ length: size }, number), shape as number[]);
  });
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

/** [N, ...] between 0 and 1. */
export function inputs(shape: readonly number[], seed = 9): tf.Tensor {
  const random = seededRandom(seed);
  const size = shape.reduce((all, side) => all * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.uniform()),
    [...shape],
  );
}

/** The model as it comes back from a file, whose topology may have been changed on the way. */
export async function saveAndLoad(
  model: tfl.LayersModel,
  change: (json: string) => string = (json) => json,
): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  const modelTopology = JSON.parse(change(JSON.stringify(saved!.modelTopology))) as object;
  const { weightSpecs, weightData } = saved!;
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightSpecs!, weightData: weightData! }));
}

/** Frees a model's weights; `dispose` of a model leaves those of models inside it. */
export const free = (...models: tfl.LayersModel[]) =>
  new Set(models.flatMap(({ weights }) => weights)).forEach((weight) => weight.dispose());

export const numbersOf = async (tensor: tf.Tensor) => [...(await tensor.data())];

/** How the layers of a model, nested ones too, are joined: reading must leave that alone. */
const joints = (model: tfl.LayersModel): unknown =>
  model.layers.map((layer) => [
    layer.inboundNodes.length,
    layer.outboundNodes.length,
    'layers' in layer ? joints(layer as unknown as tfl.LayersModel) : 0,
  ]);

export interface Read {
  features: number[];
  logits: number[];
  shapes: { features: number[]; logits: number[] };
}

/** What a model's reader gives of x; the model must be as it was. */
export async function read(model: tfl.LayersModel, x: tf.Tensor, names: OutputNames = {}): Promise<Read> {
  const predicted = async () => {
    const outputs = model.predict(x);
    const numbers = await Promise.all([outputs].flat().map(numbersOf));
    tf.dispose(outputs);
    return numbers;
  };
  const [before, joined, tensors] = [await predicted(), joints(model), tf.memory().numTensors];
  const reader = featuresOf(model, names);
  const { features, logits } = reader.run(x);
  const alone = reader.logitsOf(x as tf.Tensor4D);
  const result = {
    features: await numbersOf(features),
    logits: await numbersOf(logits),
    shapes: { features: features.shape, logits: logits.shape },
  };
  expect([...result.features, ...result.logits].every(Number.isFinite)).toBe(true);
  expect(await numbersOf(alone)).toEqual(result.logits);
  const head = await reader.head();
  if (head && names.features === undefined) {
    const [rows, size, classes] = [x.shape[0], ...head.shape];
    const z = Array.from({ length: rows * classes }, (_, at) => {
      const [row, column] = [Math.floor(at / classes), at % classes];
      let sum = head.bias[column]!;
      for (let d = 0; d < size; d++) sum += result.features[row * size + d]! * head.weights[d * classes + column]!;
      return sum;
    });
    expectClose(z, result.logits, { absolute: 1e-5 });
  }
  tf.dispose([features, logits, alone]);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(joints(model)).toEqual(joined);
  expect(await predicted()).toEqual(before);
  return result;
}

/** Softmax of each row, in plain numbers. */
export function softmaxOf(logits: readonly number[], columns: number): number[] {
  return logits.map((value, at) => {
    const row = logits.slice(at - (at % columns), at - (at % columns) + columns);
    return Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0);
  });
}

/** The model's first output, in plain numbers. */
export async function predictionOf(model: tfl.LayersModel, x: tf.Tensor): Promise<number[]> {
  const output = model.predict(x) as tf.Tensor;
  const numbers = await numbersOf(output);
  output.dispose();
  return numbers;
}

/** That the softmax of the logits is what the model predicts. */
export async function expectSoftmax(model: tfl.LayersModel, x: tf.Tensor, names: OutputNames = {}): Promise<Read> {
  const result = await read(model, x, names);
  const columns = result.shapes.logits[1]!;
  expectClose(softmaxOf(result.logits, columns), await predictionOf(model, x), { absolute: 1e-5 });
  // Logits, and not shares, whose softmax would be another.
  const sum = result.logits.slice(0, columns).reduce((all, value) => all + value, 0);
  expect(Math.abs(sum - 1)).toBeGreaterThan(1e-3);
  return result;
}

/** A layer of the user's own: what comes in divided by 2. */
export class Temperature extends tfl.layers.Layer {
  static className = 'Temperature';
  override call(given: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.div([given].flat()[0]!, 2));
  }
  override computeOutputShape(shape: tfl.Shape): tfl.Shape {
    return shape;
  }
}
tf.serialization.registerClass(Temperature);

export const conv = (filters: number, options: object = {}) =>
  layers.conv2d({ filters, kernelSize: 3, activation: 'relu', name: 'c', ...options });
export const first = (filters: number, options: object = {}) => conv(filters, { inputShape: [6, 6, 1], ...options });
export const gap = () => layers.globalAveragePooling2d({ name: 'gap', dataFormat: 'channelsLast' });
export const last = (units: number, options: object = {}) => layers.dense({ units, name: 'last', ...options });
export const reshape = (...targetShape: number[]) => layers.reshape({ targetShape });
export const activation = (kind: 'softmax' | 'sigmoid' | 'relu') => layers.activation({ activation: kind, name: kind });
export const images = () => inputs([4, 6, 6, 1]);

export const modelOf = (...all: Layer[]) => withWeights(sequential({ layers: all }));

/** What a model gives as built, which must be what it gives as loaded. */
export async function bothOf(model: tfl.LayersModel, one: (model: tfl.LayersModel) => Promise<Read>): Promise<Read> {
  const built = await one(model);
  const loaded = await saveAndLoad(model);
  expect(await one(loaded)).toEqual(built);
  free(model, loaded);
  return built;
}

/** What a layer of the model gives, by tfjs's own means. */
export async function valueAt(model: tfl.LayersModel, name: string, x: tf.Tensor): Promise<number[]> {
  const cut = tfl.model({ inputs: model.inputs, outputs: model.getLayer(name).output });
  return predictionOf(cut, x);
}
