import sharp from 'sharp';
import { seededRandom } from 'tfjs-ood';
import { drawShape, type Shape } from '../teachable-machine/draw-shapes';

/** PNG files of drawn shapes, one after the other; a seed gives the same ones again. */
export async function drawnFiles(shapes: readonly Shape[], count: number, seed: number): Promise<Buffer[]> {
  const random = seededRandom(seed);
  const files: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const { data, width, height } = drawShape(shapes[i % shapes.length]!, random);
    files.push(
      await sharp(data, { raw: { width, height, channels: 4 } })
        .png()
        .toBuffer(),
    );
  }
  return files;
}
