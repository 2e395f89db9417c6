/**
 * `npm run example:teachable-machine:train`: makes a model of the shape that Teachable Machine exports, and writes
 * model.json, weights.bin and metadata.json into model/: Sequential[Sequential[convolutions, mean over places],
 * Sequential[Dense relu, Dense softmax without bias]], for pictures of 224 x 224 x 3 with pixels in -1..1. It learns
 * the three drawn shapes for a minute or two.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import 'tfjs-ood/wasm';
import { seededRandom } from 'tfjs-ood';
import { modelFolder } from 'tfjs-ood/node';
import { drawShape, KNOWN_SHAPES, type Drawn } from './draw-shapes';

const SIDE = 224;
const STEPS = 60;
const BATCH = 24;
const folder = fileURLToPath(new URL('./model/', import.meta.url));
await tf.setBackend('wasm');

function makeModel(): tfl.Sequential {
  const initializer = (seed: number) => tfl.initializers.heUniform({ seed });
  const base = tfl.sequential({ name: 'sequential_1' });
  for (const [i, filters] of [8, 16, 24, 32].entries()) {
    base.add(
      tfl.layers.conv2d({
        ...(i === 0 && { inputShape: [SIDE, SIDE, 3] }),
        filters,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: initializer(i + 1),
      }),
    );
  }
  base.add(tfl.layers.globalAveragePooling2d({ name: 'global_average_pooling2d_GlobalAveragePooling2D1' }));
  const head = tfl.sequential({ name: 'sequential_3' });
  head.add(tfl.layers.dense({ inputShape: [32], units: 8, activation: 'relu', kernelInitializer: initializer(5) }));
  head.add(tfl.layers.dense({ units: 3, activation: 'softmax', useBias: false, kernelInitializer: initializer(6) }));
  const model = tfl.sequential({ name: 'sequential_4' });
  model.add(base);
  model.add(head);
  return model;
}

/** Pixels as Teachable Machine gives them to its models: pixel / 127 - 1. */
function toTensor(pictures: readonly Drawn[]): tf.Tensor4D {
  const data = new Float32Array(pictures.length * SIDE * SIDE * 3);
  pictures.forEach((picture, row) => {
    for (let i = 0; i < SIDE * SIDE * 3; i++)
      data[row * SIDE * SIDE * 3 + i] = picture.data[Math.floor(i / 3) * 4 + (i % 3)]! / 127 - 1;
  });
  return tf.tensor4d(data, [pictures.length, SIDE, SIDE, 3]);
}

const random = seededRandom(1);
const draw = (count: number) => {
  const labels = Array.from({ length: count }, (_, i) => i % KNOWN_SHAPES.length);
  return { labels, pictures: labels.map((label) => drawShape(KNOWN_SHAPES[label]!, random, SIDE)) };
};

const model = makeModel();
model.compile({ optimizer: tf.train.adam(0.003, 0.9, 0.999, 1e-8), loss: 'categoricalCrossentropy' });
for (let step = 0; step < STEPS; step++) {
  const { labels, pictures } = draw(BATCH);
  const [x, y] = [toTensor(pictures), tf.oneHot(labels, KNOWN_SHAPES.length)];
  const loss = await model.trainOnBatch(x, y);
  tf.dispose([x, y]);
  if (step % 10 === 9) console.log(`step ${step + 1} of ${STEPS}, loss ${(loss as number).toFixed(4)}`);
}

const { labels, pictures } = draw(90);
const x = toTensor(pictures);
const found = tf.argMax(model.predict(x) as tf.Tensor, 1);
const right = (await found.data()).filter((label, i) => label === labels[i]).length;
console.log(`${right} of ${labels.length} new pictures are named rightly`);
tf.dispose([x, found]);

await model.save(modelFolder(folder));
// The fields of the file that Teachable Machine writes.
const metadata = { packageName: '@teachablemachine/image', labels: KNOWN_SHAPES, imageSize: SIDE };
await writeFile(`${folder}metadata.json`, `${JSON.stringify(metadata)}\n`);
