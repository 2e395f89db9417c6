import type { PageData, PageSet, PointView } from '../page-data';

/** The charts in words, for those who cannot see them. */
const number = (value: number) => value.toFixed(3);

const percent = (share: number) => (100 * share).toFixed(1);

const valueAt = (set: PageSet, x: number): number => {
  const { x: xs, y: ys } = set.roc!;
  let best = 0;
  for (let i = 0; i < xs.length && xs[i]! <= x; i++) best = ys[i]!;
  return best;
};

export const describeRoc = ({ sets }: PageData): string =>
  sets
    .filter(({ roc }) => roc)
    .map(
      (set) =>
        `${set.name}: AUROC ${number(set.roc!.area)}; of its images ${(100 * valueAt(set, 0.05)).toFixed(1)} % are found ` +
        `where 5 % of the known images raise an alarm.`,
    )
    .join(' ');

export const describePrecisionRecall = ({ sets }: PageData): string =>
  sets
    .filter(({ precisionRecall }) => precisionRecall)
    .map(({ name, precisionRecall }) => `${name}: average precision ${number(precisionRecall!.area)}.`)
    .join(' ');

const median = (scores: Float32Array) => scores.slice().sort()[Math.floor((scores.length - 1) / 2)]!;

export const describeHistogram = ({ sets, threshold }: PageData): string =>
  `Threshold ${threshold.toPrecision(4)}. Median scores: ` +
  `${sets.map(({ name, scores }) => `${name} ${median(scores).toPrecision(3)}`).join(', ')}.`;

export function describeEmbedding(data: PageData, view: PointView): string {
  const { set } = data.points!;
  const counts = data.sets.map(({ name }, i) => `${set.filter((of) => of === i).length} of ${name}`);
  const { beside } = data.points!;
  const other = beside ? ` ${beside.names[1]}: ${beside.view.note} Each in the axes of its own last epoch.` : '';
  const own = beside ? `${beside.names[0]}: ` : '';
  return `${own}${view.note}${other} Points: ${counts.join(', ')}.`;
}

export function describeReliability({ reliability }: PageData): string {
  const { ece, confidence, accuracy, share } = reliability!;
  const mean = (of: Float32Array) => percent(of.reduce((sum, value, i) => sum + value * share[i]!, 0));
  return (
    `Expected calibration error ${number(ece)}. Of the known images ${mean(accuracy)} % get the right class, with a mean ` +
    `confidence of ${mean(confidence)} %. Below the diagonal the model is too sure; darker bars hold more images.`
  );
}

export function describeConfusion({ confusion, classNames }: PageData): string {
  const { classes, counts } = confusion!;
  let right = 0;
  const wrong: { row: number; column: number; count: number }[] = [];
  for (let row = 0; row < classes; row++) {
    for (let column = 0; column < classes; column++) {
      const count = counts[row * classes + column]!;
      if (row === column) right += count;
      else if (count > 0) wrong.push({ row, column, count });
    }
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  wrong.sort((a, b) => b.count - a.count);
  const most = wrong
    .slice(0, 3)
    .map(({ row, column, count }) => `${classNames[row]} for ${classNames[column]} (${count})`);
  return (
    `${right} of ${total} known images are nearest to their own class.` +
    (most.length > 0 ? ` Most often mistaken: ${most.join(', ')}.` : '')
  );
}
