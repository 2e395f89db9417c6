import type { LabeledImages } from 'tfjs-ood/datasets';
import { takeRows } from './take-rows';

/** The images of some classes, whose labels become their places in the list; `keep` leaves some rows out. */
export function classesOf(
  set: LabeledImages,
  classes: readonly number[],
  keep: (row: number) => boolean = () => true,
): LabeledImages {
  const rows = Array.from(set.labels.keys()).filter((row) => classes.includes(set.labels[row]!) && keep(row));
  const taken = takeRows(set, rows);
  return { ...taken, labels: taken.labels.map((label) => classes.indexOf(label)) };
}
