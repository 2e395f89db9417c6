// npm start                         a demonstration, on pictures that it makes
// npm start -- known picture.jpg    known: a folder of at least 20 pictures, JPEG or PNG, of what the model shall know
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { load } from 'nsfwjs';
import { fitDetector } from 'tfjs-ood/detector';
import { readPictures } from 'tfjs-ood/node';
import { nearestNeighbors } from 'tfjs-ood/scorers';

const [folder, file] = process.argv.slice(2);
const sky = (count) => tf.image.resizeBilinear(tf.randomUniform([count, 2, 2, 3]), [224, 224]);
const noise = () => tf.randomUniform([1, 224, 224, 3]);
const read = (files) => readPictures(files, { size: [224, 224], fit: 'cover' });

await tf.setBackend('wasm');
const { model } = await load(); // a MobileNet that comes with its weights; put your own model here

const images = folder ? await read((await readdir(folder)).map((name) => join(folder, name))) : sky(20);
const detector = await fitDetector(model, { images }, { scorer: nearestNeighbors({ k: 1 }), alpha: 0.05 });

const asked = file ? { [file]: await read([file]) } : { 'a sky': sky(1), noise: noise() };
for (const [name, picture] of Object.entries(asked)) {
  const [{ isOod, pValue }] = await detector.predict(picture);
  console.log(`${name}: ${isOod ? "I don't know this" : 'known'} (p-value ${pValue.toFixed(3)})`);
}
