import type { LabelledImages } from 'tfjs-ood/datasets';

/** The images of some classes, whose labels become their places in the list; `keep` leaves some rows out. */
export function classesOf(
  { images, labels, shape }: LabelledImages,
  classes: readonly number[],
  keep: (row: number) => boolean = () => true,
): LabelledImages {
  const [, ...rest] = shape;
  const each = rest[0] * rest[1] * rest[2];
  const rows = Array.from(labels.keys()).filter((row) => classes.includes(labels[row]!) && keep(row));
  const taken = new Uint8Array(rows.length * each);
  rows.forEach((row, i) => taken.set(images.subarray(row * each, (row + 1) * each), i * each));
  return {
    images: taken,
    shape: [rows.length, ...rest],
    labels: Int32Array.from(rows, (row) => classes.indexOf(labels[row]!)),
  };
}
