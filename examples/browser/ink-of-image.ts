import { SIDE, type Ink } from './to-mnist-pixels';

/** Pixels of a picture, as a canvas gives them. */
export interface Rgba {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

const brightness = ({ data, width, height }: Rgba): Float32Array =>
  Float32Array.from({ length: width * height }, (_, i) => {
    const alpha = data[i * 4 + 3]! / 255;
    const luma = 0.299 * data[i * 4]! + 0.587 * data[i * 4 + 1]! + 0.114 * data[i * 4 + 2]!;
    return alpha * luma + (1 - alpha) * 255; // what is transparent lies on white
  });

/** The median along the border: what the picture has where no digit is. */
function groundOf(values: Float32Array, width: number, height: number): number {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(values[x]!, values[(height - 1) * width + x]!);
  for (let y = 0; y < height; y++) border.push(values[y * width]!, values[y * width + width - 1]!);
  border.sort((a, b) => a - b);
  return border[border.length >> 1]!;
}

/**
 * Ink in a picture or photo: how far a pixel is from the ground in brightness, so that dark on light and light on dark
 * are the same. The weakest third is taken for paper, shadow and camera noise.
 */
export function inkOfImage(image: Rgba): Ink {
  const { width, height } = image;
  const values = brightness(image);
  const ground = groundOf(values, width, height);
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.abs(values[i]! - ground);
    most = Math.max(most, values[i]!);
  }
  if (most < 16) return { values: values.fill(0), width, height }; // an even surface
  return { values: values.map((v) => Math.min(1, Math.max(0, (v / most - 0.33) / 0.42))), width, height };
}

/** An image of MNIST's own size on black is taken as it is: it went through MNIST's preparation already. */
export function mnistImage(image: Rgba): Uint8Array | undefined {
  if (image.width !== SIDE || image.height !== SIDE) return undefined;
  const values = brightness(image);
  if (groundOf(values, SIDE, SIDE) > 0) return undefined;
  return Uint8Array.from(values, Math.round);
}
