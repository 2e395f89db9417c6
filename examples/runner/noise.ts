import type { Random } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';

/** Every brightness as often as any other. */
export function uniformNoise(count: number, size: readonly [number, number, number], random: Random): ImageSet {
  const images = new Uint8Array(count * size[0] * size[1] * size[2]);
  for (let i = 0; i < images.length; i++) images[i] = random.integer(256);
  return { images, shape: [count, ...size] };
}

/** Pixels from N(0.5, 1) clipped to [0, 1], as the authors' noise. */
export function gaussianNoise(count: number, size: readonly [number, number, number], random: Random): ImageSet {
  const images = new Uint8Array(count * size[0] * size[1] * size[2]);
  for (let i = 0; i < images.length; i++) {
    images[i] = Math.round(255 * Math.min(1, Math.max(0, 0.5 + random.normal())));
  }
  return { images, shape: [count, ...size] };
}
