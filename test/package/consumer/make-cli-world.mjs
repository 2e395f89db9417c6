// A small model and pictures for the command line: three colors that it knows, gray and yellow that it does not.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import sharp from 'sharp';
import { modelFolder } from 'tfjs-ood/node';

const SIDE = 12;
const COLORS = { blue: [40, 60, 200], green: [50, 190, 70], red: [210, 50, 50] };
const STRANGE = { gray: [128, 128, 128], yellow: [240, 230, 40] };

/** A little arithmetic in place of a random generator: the same pictures everywhere. */
function numbersFrom(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Mean colors, eight features of them, three classes; its weights are set, and right. */
async function makeModel(folder) {
  const draw = numbersFrom(7);
  const model = tfl.sequential({
    layers: [
      tfl.layers.globalAveragePooling2d({ inputShape: [SIDE, SIDE, 3] }),
      tfl.layers.dense({ units: 8, activation: 'tanh', name: 'features' }),
      tfl.layers.dense({ units: 3, activation: 'softmax', name: 'classes' }),
    ],
  });
  // Each color stands out in its own channel: feature i leans on channel i % 3, and class c on features of channel c.
  const first = Array.from({ length: 3 }, (_, c) =>
    Array.from({ length: 8 }, (_, i) => (i % 3 === c ? 3 : -1) + draw() / 10),
  );
  const last = Array.from({ length: 8 }, (_, i) => [2, 1, 0].map((channel) => (i % 3 === channel ? 2 : -1)));
  model.layers[1].setWeights([tf.tensor2d(first), tf.zeros([8])]);
  model.layers[2].setWeights([tf.tensor2d(last), tf.zeros([3])]);
  await model.save(modelFolder(join(folder, 'model')));
}

async function makePictures(folder, [red, green, blue], count, seed) {
  mkdirSync(folder, { recursive: true });
  const draw = numbersFrom(seed);
  for (let i = 0; i < count; i++) {
    const near = (value) => Math.max(0, Math.min(255, Math.round(value + 60 * (draw() - 0.5))));
    const tone = [near(red), near(green), near(blue)];
    const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) =>
      Math.max(0, Math.min(255, tone[at % 3] + Math.round(10 * draw()))),
    );
    await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .png()
      .toFile(join(folder, `${String(i).padStart(2, '0')}.png`));
  }
}

/** Everything that the commands are given, below a folder. */
export async function makeCliWorld(folder) {
  await tf.setBackend('cpu');
  await makeModel(folder);
  let seed = 1;
  for (const [name, color] of Object.entries(COLORS)) {
    await makePictures(join(folder, 'known', name), color, 40, (seed += 10));
    await makePictures(join(folder, 'fresh', name), color, 8, (seed += 10));
  }
  for (const [name, color] of Object.entries(STRANGE)) await makePictures(join(folder, name), color, 12, (seed += 10));
  mkdirSync(join(folder, 'empty'), { recursive: true });
  mkdirSync(join(folder, 'ppm'), { recursive: true });
  for (const name of ['a.ppm', 'b.ppm', 'notes.txt']) writeFileSync(join(folder, 'ppm', name), 'P6 1 1 255\n...');
  writeFileSync(join(folder, 'damaged.png'), 'no picture');
  writeFileSync(join(folder, 'known.csv'), 'score\n0.1\n0.4\n0.2\n');
  writeFileSync(join(folder, 'svhn.csv'), 'name,score\na,0.35\n"b, or c",0.8\n');
  writeFileSync(join(folder, 'both.csv'), 'score,label\n0.1,0\n0.4,2\n0.2,1\n0.35,-1\n0.8,-1\n');
}

if (process.argv[1]?.endsWith('make-cli-world.mjs')) await makeCliWorld(process.argv[2]);
