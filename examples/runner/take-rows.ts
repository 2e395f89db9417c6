import type { ImageSet } from 'tfjs-ood/datasets';

/** Some images of a set in the order of `rows`; their labels with them where there are labels. */
export function takeRows<T extends ImageSet & { labels?: Int32Array }>(set: T, rows: ArrayLike<number>): T {
  const [, ...rest] = set.shape;
  const each = rest[0] * rest[1] * rest[2];
  const images = new Uint8Array(rows.length * each);
  const labels = set.labels && Int32Array.from(rows, (row) => set.labels![row]!);
  Array.from(rows).forEach((row, i) => images.set(set.images.subarray(row * each, (row + 1) * each), i * each));
  return { ...set, images, shape: [rows.length, ...rest], ...(labels && { labels }) };
}
