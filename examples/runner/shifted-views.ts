import type { ImageSet } from 'tfjs-ood/datasets';

/** The images moved by some pixels; what comes in from outside is the nearest pixel of the border. */
function moved<T extends ImageSet>(set: T, down: number, right: number): T {
  const [count, height, width, channels] = set.shape;
  const images = new Uint8Array(set.images.length);
  const within = (place: number, size: number) => Math.min(size - 1, Math.max(0, place));
  let to = 0;
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((n * height + within(y - down, height)) * width + within(x - right, width)) * channels;
        for (let c = 0; c < channels; c++) images[to++] = set.images[from + c]!;
      }
    }
  }
  return { ...set, images };
}

/** The images, and those moved by `shift` pixels in the eight directions; with a shift of 0 the images alone. */
export function shiftedViews<T extends ImageSet>(set: T, shift: number): T[] {
  if (shift === 0) return [set];
  const steps = [0, -shift, shift];
  return steps.flatMap((down) => steps.map((right) => (down === 0 && right === 0 ? set : moved(set, down, right))));
}
