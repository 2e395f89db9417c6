import type { Drawn } from '../../examples/teachable-machine/draw-shapes';

const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));

/** Pictures of one size as the raw video (YUV4MPEG2, 4:2:0) that Chromium's made-up camera plays, over and over. */
export function rawVideo(pictures: readonly Drawn[]): Buffer {
  const { width, height } = pictures[0]!;
  const parts: Buffer[] = [Buffer.from(`YUV4MPEG2 W${width} H${height} F20:1 Ip A1:1 C420mpeg2\n`)];
  for (const { data } of pictures) {
    // ITU-R BT.601, 16 to 235; color from one pixel of four.
    const weigh = (p: number, [r, g, b, offset]: readonly [number, number, number, number]) =>
      clamp((r * data[4 * p]! + g * data[4 * p + 1]! + b * data[4 * p + 2]!) / 256 + offset);
    const plane = (step: number, weights: readonly [number, number, number, number]) => {
      const bytes = Buffer.alloc((width / step) * (height / step));
      for (let i = 0; i < bytes.length; i++) {
        const [x, y] = [(i % (width / step)) * step, Math.floor(i / (width / step)) * step];
        bytes[i] = weigh(y * width + x, weights);
      }
      return bytes;
    };
    const luma = plane(1, [65.738, 129.057, 25.064, 16]);
    const blue = plane(2, [-37.945, -74.494, 112.439, 128]);
    const red = plane(2, [112.439, -94.154, -18.285, 128]);
    parts.push(Buffer.from('FRAME\n'), luma, blue, red);
  }
  return Buffer.concat(parts);
}
