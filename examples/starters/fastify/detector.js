import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { load } from 'nsfwjs';
import sharp from 'sharp';
import { fitDetector, loadDetector } from 'tfjs-ood/detector';
import { detectorFile, readPictures } from 'tfjs-ood/node';
import { nearestNeighbors } from 'tfjs-ood/scorers';

/** How every picture is read, known ones and those of requests. */
export const PICTURES = { size: [224, 224], fit: 'cover', maxPixels: 20_000_000 };
const scorer = nearestNeighbors({ k: 1 });

/** A soft gradient of four random colors, as a PNG: it stands for a picture where there is no folder `known`. */
function drawn() {
  const data = Uint8Array.from({ length: 12 }, () => 256 * Math.random());
  const small = sharp(data, { raw: { width: 2, height: 2, channels: 3 } });
  return small.resize(224, 224, { fit: 'fill', kernel: 'linear' }).png().toBuffer();
}

/** The detector of `file`; where there is none it is fitted on the pictures of `known`, and kept there. */
export async function detectorOf(known = 'known', file = 'detector.safetensors') {
  await tf.setBackend('wasm');
  const { model } = await load(); // a MobileNet that comes with its weights; put your own model here
  if (existsSync(file)) return loadDetector(model, detectorFile(file), { scorer });
  const files = existsSync(known)
    ? (await readdir(known)).map((name) => join(known, name))
    : await Promise.all(Array.from({ length: 20 }, drawn));
  const detector = await fitDetector(model, { images: await readPictures(files, PICTURES) }, { scorer, alpha: 0.05 });
  await detector.save(detectorFile(file));
  return detector;
}
