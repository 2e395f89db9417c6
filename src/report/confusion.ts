import type { Confusion } from './page-data';

/** How many images of each true class (rows) are taken for each class (columns). */
export function confusionOf(labels: ArrayLike<number>, nearest: ArrayLike<number>): Confusion {
  let classes = 0;
  for (let i = 0; i < labels.length; i++) classes = Math.max(classes, labels[i]! + 1, nearest[i]! + 1);
  const counts = new Int32Array(classes * classes);
  for (let i = 0; i < labels.length; i++) counts[labels[i]! * classes + nearest[i]!]!++;
  return { classes, counts };
}
