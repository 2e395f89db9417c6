/** Gray; gray and alpha; color; color and alpha. */
export type ChannelCount = 1 | 2 | 3 | 4;

/**
 * Pixels of a picture with another number of channels, in an array of its own.
 *
 * Color becomes gray by the luma of ITU-R BT.601, rounded as Pillow's `convert('L')` does it:
 * (19595 R + 38470 G + 7471 B + 32768) >> 16. Gray becomes three equal channels, without any change back. Alpha is
 * dropped, the color stays as it is; where alpha is wanted and none was there, it is 255.
 */
export function pixelsWithChannels(
  data: Uint8Array | Uint8ClampedArray,
  from: ChannelCount,
  to: 1 | 3 | 4,
): Uint8Array {
  if (from === to) return new Uint8Array(data);
  const pixels = new Uint8Array((data.length / from) * to);
  const [green, blue] = from > 2 ? ([1, 2] as const) : ([0, 0] as const);
  for (let at = 0, own = 0; at < data.length; at += from, own += to) {
    const r = data[at]!;
    const g = data[at + green]!;
    const b = data[at + blue]!;
    if (to === 1) pixels[own] = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
    else {
      pixels[own] = r;
      pixels[own + 1] = g;
      pixels[own + 2] = b;
      if (to === 4) pixels[own + 3] = from === 2 ? data[at + 1]! : 255;
    }
  }
  return pixels;
}
