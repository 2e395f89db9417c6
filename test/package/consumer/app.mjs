// A small app, for bundlers: a loss with its gradient, a convolution's gradient (of tfjs-ood/wasm), class means,
// scorers, AUROC, and a detector's evaluation, which is loaded when it is called.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { ClassMeans, auroc, nearestClassMean, contrastiveLoss } from 'tfjs-ood';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { energy } from 'tfjs-ood/scorers';

/** Logits of two classes, as sure as `size`. */
const logitsOf = (count, size) => ({
  logits: {
    data: Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 === (i >> 1) % 2 ? size + Math.sin(i) : 0)),
    shape: [count, 2],
  },
});

/** Of ten rows that no class fits how many a detector finds. */
async function found() {
  const detector = await fitOutputDetector(logitsOf(200, 9), { scorer: energy(), alpha: 0.1 });
  const { out } = await detector.evaluate({ known: logitsOf(50, 9), strange: { flat: logitsOf(10, 1) } });
  detector.dispose();
  return out[0].found.default.count;
}

/** What the app works out, on the wasm backend whose files lie at the root of the server. */
export async function answer() {
  setWasmPaths('/');
  if (!(await tf.setBackend('wasm'))) throw new Error('wasm does not start');
  const pair = tf.valueAndGrad((x) => contrastiveLoss([7, 7], x))(tf.tensor2d([0, 0, 3, 4], [2, 2]));
  const image = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
  const toFilter = tf.grad((filter) => tf.sum(tf.conv2d(image, filter, 1, 'same')))(tf.ones([1, 1, 1, 1]));
  const means = new ClassMeans();
  await means.add({ data: Float32Array.of(0, 0, 2, 4), shape: [2, 2] }, [7, 7]);
  const scores = await nearestClassMean()
    .of(means)
    .score({ features: { data: Float32Array.of(0, 0, 4, 6), shape: [2, 2] } });
  const [logit] = await energy().score({ logits: { data: Float32Array.of(0, 0), shape: [1, 2] } });
  return {
    loss: [...(await pair.value.data())],
    gradient: [...(await pair.grad.data())].map((value) => Math.round(value * 1e4) / 1e4),
    filter: [...(await toFilter.data())],
    scores: [...scores],
    energy: Math.round(logit * 1e4) / 1e4,
    auroc: auroc([0.1, 0.4], [0.35, 0.8]),
    found: await found(),
  };
}
