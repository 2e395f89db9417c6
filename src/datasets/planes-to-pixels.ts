/** One image of color planes (R, then G, then B) as pixels. */
export function planesToPixels(planes: Uint8Array, from: number, pixels: Uint8Array, to: number, area: number): void {
  for (let p = 0; p < area; p++) {
    pixels[to + 3 * p] = planes[from + p]!;
    pixels[to + 3 * p + 1] = planes[from + area + p]!;
    pixels[to + 3 * p + 2] = planes[from + 2 * area + p]!;
  }
}
