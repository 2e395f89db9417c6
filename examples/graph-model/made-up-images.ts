import { seededRandom } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';

const SIDE = 64;

function draw(count: number, paint: (i: number, x: number, y: number, c: number) => number): ImageSet {
  const images = new Uint8Array(count * SIDE * SIDE * 3);
  for (let i = 0, at = 0; i < count; i++) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        for (let c = 0; c < 3; c++)
          images[at++] = Math.round(255 * Math.min(1, Math.max(0, paint(i, x / SIDE, y / SIDE, c))));
      }
    }
  }
  return { images, shape: [count, SIDE, SIDE, 3] };
}

/** Something like rooms from far away: a floor, a wall, a few boxes, soft light. */
export function drawPhotos(count: number, seed: number): ImageSet {
  const random = seededRandom(seed, 40);
  const scenes = Array.from({ length: count }, () => ({
    floor: 0.55 + 0.3 * random.uniform(),
    tones: Array.from({ length: 6 }, () => 0.3 + 0.5 * random.uniform()),
    light: random.uniform(),
    boxes: Array.from({ length: 3 }, () => ({
      left: 0.8 * random.uniform(),
      top: 0.3 + 0.4 * random.uniform(),
      width: 0.1 + 0.25 * random.uniform(),
      height: 0.1 + 0.3 * random.uniform(),
      tones: Array.from({ length: 3 }, () => random.uniform()),
    })),
  }));
  return draw(count, (i, x, y, c) => {
    const { floor, tones, light, boxes } = scenes[i]!;
    const box = boxes.find(
      ({ left, top, width, height }) => x > left && x < left + width && y > top && y < top + height,
    );
    const tone = box ? box.tones[c]! : tones[(y > floor ? 3 : 0) + c]!;
    return tone + 0.35 * (0.5 - Math.hypot(x - light, y - 0.2)) + 0.02 * random.normal();
  });
}

/** Line drawings, or Gaussian noise. */
export function drawSketches(kind: 'lines' | 'noise', count: number, seed: number): ImageSet {
  const random = seededRandom(seed, 41);
  if (kind === 'noise') return draw(count, () => 0.5 + random.normal());
  const lines = Array.from({ length: count }, () =>
    Array.from({ length: 4 }, () => ({ turn: Math.PI * random.uniform(), at: 1.4 * random.uniform() - 0.2 })),
  );
  return draw(count, (i, x, y) => {
    const isInk = lines[i]!.some(({ turn, at }) => Math.abs(x * Math.cos(turn) + y * Math.sin(turn) - at) < 0.02);
    return isInk ? 0.05 : 1;
  });
}
