import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LabeledImages } from 'tfjs-ood/datasets';
import { gatherImages } from 'tfjs-ood/training';

/** A small network as anybody trains one, its penultimate layer called `features`; classes by the order of labels. */
export async function trainSmallClassifier(
  train: LabeledImages,
  { classes, epochs, seed }: { classes: number; epochs: number; seed: number },
): Promise<tfl.LayersModel> {
  const initializer = (n: number) => tfl.initializers.heNormal({ seed: 10 * seed + n });
  const [, ...inputShape] = train.shape;
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape,
        filters: 16,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: initializer(1),
      }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu', kernelInitializer: initializer(2) }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 64, activation: 'relu', name: 'features', kernelInitializer: initializer(3) }),
      tfl.layers.dense({ units: classes, activation: 'softmax', kernelInitializer: initializer(4) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(1e-3, 0.9, 0.999, 1e-7), loss: 'categoricalCrossentropy' });
  const rows = Int32Array.from({ length: train.shape[0] }, (_, i) => i);
  const [x, y] = [gatherImages(train, rows), tf.oneHot(tf.tensor1d(train.labels, 'int32'), classes)];
  await model.fit(x, y, { batchSize: 64, epochs, verbose: 0, shuffle: false });
  tf.dispose([x, y]);
  return model;
}
