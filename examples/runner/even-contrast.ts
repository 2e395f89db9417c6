import type { ImageSet } from 'tfjs-ood/datasets';

/**
 * Each image with mean 128 and standard deviation 50 over all its pixels: photographs at night as bright as those at
 * noon.
 */
export function evenContrast<T extends ImageSet>(set: T): T {
  const [count, ...rest] = set.shape;
  const each = rest[0] * rest[1] * rest[2];
  const images = new Uint8Array(set.images.length);
  for (let n = 0; n < count; n++) {
    const pixels = set.images.subarray(n * each, (n + 1) * each);
    const mean = pixels.reduce((sum, value) => sum + value, 0) / each;
    const deviation = Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / each) || 1;
    pixels.forEach((value, i) => {
      images[n * each + i] = Math.min(255, Math.max(0, Math.round(128 + (50 * (value - mean)) / deviation)));
    });
  }
  return { ...set, images };
}
