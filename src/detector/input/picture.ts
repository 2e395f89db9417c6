import { ArgumentError } from '../../core/errors';

/** A picture of RGBA bytes, as ImageData is. */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

export function isPicture(value: unknown): value is Picture {
  const { data, width, height } = (value ?? {}) as Partial<Picture>;
  return ArrayBuffer.isView(data) && typeof width === 'number' && typeof height === 'number';
}

/** Pixels [H, W, channels] of a picture. */
export function picturePixels(
  where: string,
  { data, width, height }: Picture,
  channels: number,
): Promise<{ data: Uint8Array; height: number; width: number }> {
  if (data.length !== 4 * width * height || ![1, 3, 4].includes(channels)) {
    throw new ArgumentError(where, 'images', `a picture of 1, 3 or 4 channels`, `${width} x ${height}, ${channels}`);
  }
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b, a] = data.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    if (channels === 1) pixels[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    else pixels.set([r, g, b, a].slice(0, channels), i * channels);
  }
  return Promise.resolve({ data: pixels, height, width });
}
