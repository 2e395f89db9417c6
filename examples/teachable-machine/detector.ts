import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { fitDetector, loadDetector, type Detector, type Verdict } from 'tfjs-ood/detector';
import { nearestNeighbors } from 'tfjs-ood/scorers';
import { SIDE } from './pictures';

/** What stands in the metadata.json of an image model of Teachable Machine, as far as it is used. */
export interface Metadata {
  packageName: string;
  labels: string[];
}

/** Known pictures, and which class each shows. */
export interface Known {
  pictures: readonly ImageData[];
  labels: readonly number[];
}

const PLACE = 'indexeddb://tfjs-ood-teachable-machine';
/** Of these 24 calibrate: with fewer than 19 nothing would ever be unknown at 5 % false alarms. */
export const LEAST_PICTURES = 60;

/** Pixels as Teachable Machine gives them to its models: pixel / 127 - 1. */
function toTensor(pictures: readonly ImageData[]): tf.Tensor4D {
  const data = new Float32Array(pictures.length * SIDE * SIDE * 3);
  pictures.forEach((picture, row) => {
    for (let i = 0; i < SIDE * SIDE * 3; i++)
      data[row * SIDE * SIDE * 3 + i] = picture.data[Math.floor(i / 3) * 4 + (i % 3)]! / 127 - 1;
  });
  return tf.tensor4d(data, [pictures.length, SIDE, SIDE, 3]);
}

/** A few neighbors: there may be no more than twenty pictures of a class. */
const scorer = nearestNeighbors({ k: 5 });

/** The layer behind the convolutions: the few numbers of the last hidden one tell less of what is strange. */
function pooledLayer({ layers }: Pick<LayersModel, 'layers'>): string | undefined {
  for (const layer of layers) {
    if (layer.getClassName() === 'GlobalAveragePooling2D') return layer.name;
    const inner = 'layers' in layer ? pooledLayer(layer as unknown as LayersModel) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Fits a detector around the model, and keeps it in this browser. */
export async function fitOn(
  model: LayersModel,
  { labels: classNames }: Metadata,
  known: Known,
  onProgress: (done: number, total: number) => void,
): Promise<Detector<string>> {
  const images = toTensor(known.pictures);
  const features = pooledLayer(model);
  try {
    const detector = await fitDetector(
      model,
      { images, labels: [...known.labels] },
      { scorer, classNames, calibrationShare: 0.4, blockSize: 16, onProgress, ...(features && { features }) },
    );
    await detector.save(PLACE);
    return detector as Detector<string>;
  } finally {
    images.dispose();
  }
}

/** The detector that an earlier visit has left; undefined where there is none. */
export async function loadKept(model: LayersModel): Promise<Detector<string> | undefined> {
  if (!(PLACE in (await tf.io.listModels()))) return undefined;
  return loadDetector<string>(model, PLACE, { scorer });
}

/** Forgets it. */
export async function forget(): Promise<void> {
  if (PLACE in (await tf.io.listModels())) await tf.io.removeModel(PLACE);
}

/** What the detector says of a picture. */
export async function ask(detector: Detector<string>, picture: ImageData): Promise<Verdict<string>> {
  const images = toTensor([picture]);
  try {
    const [verdict] = await detector.predict(images);
    return verdict!;
  } finally {
    images.dispose();
  }
}
