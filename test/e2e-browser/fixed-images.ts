import { seededRandom } from 'tfjs-ood';
import sharp from 'sharp';
import { drawDigits, drawLetters, drawShapes } from '../../examples/browser/drawn-images';
import type { Rgba } from '../../examples/browser/ink-of-image';
import { SIDE } from '../../examples/browser/to-mnist-pixels';

/** 28x28 images as the training draws them, white on black. */
function smallImages(): Rgba[] {
  const sets = [drawDigits(12, 0, 5, 99), drawDigits(6, 6, 9, 99), drawLetters(6, 99), drawShapes(8, 99)];
  return sets.flatMap(({ images, shape: [count] }) =>
    Array.from({ length: count }, (_, row) => {
      const data = new Uint8Array(SIDE * SIDE * 4).fill(255);
      for (let i = 0; i < SIDE * SIDE; i++) data.fill(images[row * SIDE * SIDE + i]!, i * 4, i * 4 + 3);
      return { data, width: SIDE, height: SIDE };
    }),
  );
}

/** Blue ink on yellowish paper with grain, in another size: all of the preparation of photos. */
function photo(): Rgba {
  const random = seededRandom(5);
  const [width, height] = [90, 70];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ink = Math.abs(Math.hypot((x - 45) / 17, (y - 36) / 24) - 1) < 0.18;
      const grain = random.integer(16);
      data.set(ink ? [30 + grain, 40 + grain, 120] : [225 + grain, 220 + grain, 190], (y * width + x) * 4);
    }
  }
  return { data, width, height };
}

export const fixedImages = (): Rgba[] => [...smallImages(), photo()];

export const toPng = ({ data, width, height }: Rgba): Promise<Buffer> =>
  sharp(data as Uint8Array, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
