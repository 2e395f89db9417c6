// Run by run.mjs inside a folder that has the packed package and its peers only.
import * as tf from '@tensorflow/tfjs-core';
import 'tfjs-ood/wasm';
import { odmLoss } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/layers';

if (!(await tf.setBackend('wasm'))) throw new Error('wasm did not start');
const model = vgg({ width: 0.0625, embeddingSize: 2, seed: 1 });
const trainer = createTrainer(model, { loss: (labels, embeddings) => odmLoss(labels, embeddings), seed: 1 });
const images = tf.randomUniform([4, 32, 32, 3], 0, 1, 'float32', 3);
const before = model.trainableWeights[0].read().dataSync().slice();
const { loss } = await trainer.step(images, [0, 1, 0, -1], 0);
if (!Number.isFinite(loss)) throw new Error(`loss ${loss}`);
if (
  model.trainableWeights[0]
    .read()
    .dataSync()
    .every((value, i) => value === before[i])
)
  throw new Error('nothing learned');
