/** How much ink each pixel has, 0 to 1, row by row. */
export interface Ink {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

export const SIDE = 28;
const BOX = 20;
const INK = 0.1;

/** First and last row and column with ink. */
function boundsOf({ values, width, height }: Ink) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x]! < INK) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Mean ink over a rectangle with fractional borders. */
function meanOver({ values, width, height }: Ink, x0: number, y0: number, x1: number, y1: number): number {
  let sum = 0;
  for (let y = Math.floor(y0); y < Math.min(height, y1); y++) {
    const high = Math.min(y + 1, y1) - Math.max(y, y0);
    for (let x = Math.floor(x0); x < Math.min(width, x1); x++) {
      sum += values[y * width + x]! * high * (Math.min(x + 1, x1) - Math.max(x, x0));
    }
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

/** The ink's own box, scaled so that its longer side has this many pixels; undefined where there is no ink. */
export function rescaled(ink: Ink, longer: number): Ink | undefined {
  const bounds = boundsOf(ink);
  if (!bounds) return undefined;
  const scale = longer / Math.max(bounds.width, bounds.height);
  const width = Math.max(1, Math.round(bounds.width * scale));
  const height = Math.max(1, Math.round(bounds.height * scale));
  const [stepX, stepY] = [bounds.width / width, bounds.height / height];
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [x0, y0] = [bounds.left + x * stepX, bounds.top + y * stepY];
      values[y * width + x] = meanOver(ink, x0, y0, x0 + stepX, y0 + stepY);
    }
  }
  return { values, width, height };
}

/**
 * Makes of ink what MNIST made of its digits: the ink's box scaled to fit 20x20 with its proportions kept, then placed
 * in 28x28 with the center of its mass in the middle. Without this a model trained on MNIST sees a drawing that is a
 * little small or off the center as something it never met. Bytes, so that the browser and Node have the very same
 * image.
 *
 * @returns 784 bytes, or undefined where there is no ink
 */
export function toMnistPixels(ink: Ink): Uint8Array | undefined {
  const small = rescaled(ink, BOX);
  if (!small) return undefined;
  const { values, width, height } = small;
  let [mass, atX, atY, most] = [0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x]!;
      mass += value;
      atX += value * (x + 0.5);
      atY += value * (y + 0.5);
      most = Math.max(most, value);
    }
  }
  const left = Math.round(SIDE / 2 - atX / mass);
  const top = Math.round(SIDE / 2 - atY / mass);

  const pixels = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [px, py] = [x + left, y + top];
      if (px < 0 || py < 0 || px >= SIDE || py >= SIDE) continue; // only very lopsided ink gets there
      pixels[py * SIDE + px] = Math.round((255 * values[y * width + x]!) / most);
    }
  }
  return pixels;
}
