import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { calibrate, ClassMeans, nearestClassMean, decodeSafetensors, encodeSafetensors } from 'tfjs-ood';
import type { Calibration, NamedArray } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { embed } from 'tfjs-ood/detector';
import { classifierNetwork } from './network';
import { SIDE } from './to-mnist-pixels';

/** Rows of embeddings with their classes, for the picture. */
export interface Cloud {
  readonly points: Float32Array;
  readonly labels: Int32Array;
}

export interface Classified {
  digit: number;
  score: number;
  embedding: Float32Array;
}

export interface Classifier {
  readonly embeddingSize: number;
  readonly calibration: Calibration;
  /** Some of the calibration images, and with label -1 some things that training never had. */
  readonly cloud: Cloud;
  /** Embeds 28x28 bytes on the current backend and takes the nearest class mean. */
  classify(pixels: Uint8Array): Promise<Classified>;
  classifyAll(images: ImageSet): Promise<Classified[]>;
  dispose(): void;
}

/** What training leaves: weights, class means, calibration scores, some embeddings. */
export interface Trained {
  model: LayersModel;
  means: ClassMeans;
  calibrationScores: Float32Array;
  cloud: Cloud;
}

const size = (embeddings: Cloud) => embeddings.points.length / embeddings.labels.length;

export async function encodeClassifier(trained: Trained, metadata: Record<string, string>): Promise<Uint8Array> {
  const { model, means, calibrationScores, cloud } = trained;
  const tensors: Record<string, NamedArray> = {};
  for (const weight of model.weights) {
    const value = weight.read();
    tensors[`weights/${weight.originalName}`] = {
      dtype: 'F32',
      shape: [...value.shape],
      data: await value.data<'float32'>(),
    };
  }
  for (const [name, value] of Object.entries(means.state())) tensors[`means/${name}`] = value;
  tensors.calibration = { dtype: 'F32', shape: [calibrationScores.length], data: calibrationScores };
  tensors['cloud/points'] = { dtype: 'F32', shape: [cloud.labels.length, size(cloud)], data: cloud.points };
  tensors['cloud/labels'] = { dtype: 'I32', shape: [cloud.labels.length], data: cloud.labels };
  return encodeSafetensors(tensors, metadata);
}

/** Gives a network the weights of such a file. */
export function setWeights(model: LayersModel, bytes: Uint8Array): void {
  const { tensors } = decodeSafetensors(bytes, 'model.safetensors');
  tf.tidy(() => {
    const values = model.weights.map((weight) => {
      const { data, shape } = tensors[`weights/${weight.originalName}`]!;
      return tf.tensor(data, [...shape]);
    });
    model.setWeights(values);
  });
}

/** Builds the classifier on the backend that is set now; after a change of backend build it again. */
export function decodeClassifier(bytes: Uint8Array): Classifier {
  const { tensors } = decodeSafetensors(bytes, 'model.safetensors');
  const points = tensors['cloud/points']!;
  const embeddingSize = points.shape[1]!;
  const model = classifierNetwork(embeddingSize);
  setWeights(model, bytes);
  const under = (prefix: string) =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
  const scorer = nearestClassMean().of(ClassMeans.from(under('means/')));
  const classifyAll = async (images: ImageSet): Promise<Classified[]> => {
    const embeddings = await embed(model, images);
    const { labels, scores } = await scorer.classify({ features: embeddings });
    const own = (row: number) => embeddings.data.slice(row * embeddingSize, (row + 1) * embeddingSize);
    return Array.from(scores, (score, row) => ({ digit: labels[row]!, score, embedding: own(row) }));
  };
  return {
    embeddingSize,
    calibration: calibrate(tensors.calibration!.data),
    cloud: { points: points.data as Float32Array, labels: tensors['cloud/labels']!.data as Int32Array },
    classifyAll,
    async classify(pixels) {
      const [answer] = await classifyAll({ images: pixels, shape: [1, SIDE, SIDE, 1] });
      return answer!;
    },
    dispose() {
      scorer.dispose();
      model.dispose();
    },
  };
}
