import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tfl from '@tensorflow/tfjs-layers';
import { fitDetector, loadDetector, type Detector, type TeachableMetadata } from 'tfjs-ood/detector';
import { detectorFile, modelFolder, readPictures } from 'tfjs-ood/node';
import { nearestNeighbors } from 'tfjs-ood/scorers';
import { readFile } from 'node:fs/promises';
import { KNOWN_SHAPES } from '../teachable-machine/draw-shapes';
import { drawnFiles } from './pictures';
import { PICTURES } from './verdict-server';

const FOLDER = fileURLToPath(new URL('../teachable-machine/model/', import.meta.url));
const KNOWN_PICTURES = 600;
const scorer = nearestNeighbors({ k: 1 });

/** The model of drawn shapes and the detector of `file`, which is fitted and kept there where there is none. */
export async function keptDetector(file: string): Promise<Detector<string>> {
  const model = await tfl.loadLayersModel(modelFolder(FOLDER));
  if (existsSync(file)) return loadDetector<string>(model, detectorFile(file), { scorer });
  const metadata = JSON.parse(await readFile(`${FOLDER}metadata.json`, 'utf8')) as TeachableMetadata;
  const features = 'global_average_pooling2d_GlobalAveragePooling2D1';
  // Known pictures come through the same door as those of requests: PNG files, decoded and resized alike
  const images = await readPictures(await drawnFiles(KNOWN_SHAPES, KNOWN_PICTURES, 1), PICTURES);
  const labels = Array.from({ length: KNOWN_PICTURES }, (_, i) => i % KNOWN_SHAPES.length);
  const detector = await fitDetector<string>(
    model,
    { images, labels },
    { scorer, features, metadata, alpha: 0.05, calibrationShare: 0.5 },
  );
  await detector.save(detectorFile(file));
  return detector;
}
