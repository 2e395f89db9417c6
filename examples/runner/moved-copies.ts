import { seededRandom } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';

/** The images and `copies` further versions of each: moved by up to `shift` pixels, contrast and brightness changed by up to 30 %. */
export function movedCopies(set: ImageSet, copies: number, shift: number, seed: number): ImageSet {
  if (copies === 0) return set;
  const { images, shape } = set;
  const [count, height, width, channels] = shape;
  const each = height * width * channels;
  const out = new Uint8Array((copies + 1) * count * each);
  out.set(images);
  const random = seededRandom(seed, 50);
  for (let copy = 1; copy <= copies; copy++) {
    for (let n = 0; n < count; n++) {
      const [dy, dx] = [random.integer(2 * shift + 1) - shift, random.integer(2 * shift + 1) - shift];
      const contrast = 0.7 + 0.6 * random.uniform();
      const brightness = 60 * (random.uniform() - 0.5);
      const isGrey = channels === 1; // ink on black: only moved
      const [from, to] = [n * each, (copy * count + n) * each];
      for (let y = 0; y < height; y++) {
        const sourceY = Math.min(height - 1, Math.max(0, y + dy));
        for (let x = 0; x < width; x++) {
          const sourceX = Math.min(width - 1, Math.max(0, x + dx));
          for (let c = 0; c < channels; c++) {
            const value = images[from + (sourceY * width + sourceX) * channels + c]!;
            out[to + (y * width + x) * channels + c] = isGrey
              ? value
              : Math.min(255, Math.max(0, Math.round((value - 128) * contrast + 128 + brightness)));
          }
        }
      }
    }
  }
  return { images: out, shape: [(copies + 1) * count, height, width, channels] };
}
