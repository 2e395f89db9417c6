import { readFile } from 'node:fs/promises';
import type { LabeledImages } from 'tfjs-ood/datasets';
import { SIDE, toMnistPixels } from './to-mnist-pixels';

const FILE = new URL('../../test/fixtures/optical-digits.json', import.meta.url);
const SMALL = 8;

/**
 * scikit-learn's 1,797 digits of 13 people, of another collection than MNIST's, enlarged from 8x8 by the page's own
 * preparation. The file's script is beside it and needs no network.
 */
export async function readOpticalDigits(): Promise<LabeledImages> {
  const written = JSON.parse(await readFile(FILE, 'utf8')) as { labels: string; images: string[] };
  const images = new Uint8Array(written.images.length * SIDE * SIDE);
  written.images.forEach((pixels, row) => {
    const values = Float32Array.from(pixels, (letter) => (letter.charCodeAt(0) - 97) / 16);
    images.set(toMnistPixels({ values, width: SMALL, height: SMALL })!, row * SIDE * SIDE);
  });
  return { images, labels: Int32Array.from(written.labels, Number), shape: [written.images.length, SIDE, SIDE, 1] };
}
