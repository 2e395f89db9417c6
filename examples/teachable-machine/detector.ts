import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { fitDetector, loadDetector, type Detector } from 'tfjs-ood/detector';
import { nearestNeighbors } from 'tfjs-ood/scorers';

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
/** About this share of known pictures is called unknown. */
export const ALPHA = 0.05;
/** Each calibrates a scorer that did not see it: nothing could be unknown at this rate with fewer than 19. */
export const LEAST_PICTURES = 20;
const HELD_OUT_SHARE = 0.4;
/** From so many on that share is at least 19: those pictures calibrate and fit nothing. */
export const HELD_OUT_PICTURES = 47;

/** The nearest one: of twenty pictures a class has seven, and the fifth nearest may be of another class. */
const scorer = nearestNeighbors({ k: 1 });

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
  metadata: Metadata,
  { pictures, labels }: Known,
  onProgress: (done: number, total: number | undefined) => void,
): Promise<Detector<string>> {
  const features = pooledLayer(model);
  const detector = await fitDetector<string>(
    model,
    { images: pictures, labels },
    // metadata: what becomes of pixels, and the names of the classes
    { scorer, alpha: ALPHA, metadata, calibrationShare: HELD_OUT_SHARE, onProgress, ...(features && { features }) },
  );
  await detector.save(PLACE);
  return detector;
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
