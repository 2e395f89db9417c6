import { ArgumentError } from '../../core/errors';
import { indexOfLargest } from '../../scorers/contract/logit-scores';
import type { KnownBlock } from './known-rows';

/**
 * Watches whether names that were taken from labels stand in the order of the logits: the model knows its classes by
 * columns alone, and a wrong order would name each verdict wrong.
 */
export function columnOrder(where: string, names: readonly string[]) {
  const counts = names.map(() => new Int32Array(names.length)); // of label and column
  return {
    look({ logits, labels }: KnownBlock): void {
      if (!logits || !labels) return;
      const columns = logits.shape[1];
      labels.forEach((label, row) => {
        const own = logits.data.subarray(row * columns, (row + 1) * columns);
        counts[label]![indexOfLargest(own)]!++;
      });
    },
    /** Throws where fewer than half as many rows are of their label's column as the best column of each label has. */
    check(): void {
      const right = counts.reduce((sum, row, label) => sum + row[label]!, 0);
      const most = counts.reduce((sum, row) => sum + Math.max(...row), 0);
      if (right >= 0.5 * most) return;
      const expected =
        `given, in the order of the model's outputs (labels are names, and in the order ${names.join(', ')} ` +
        `the largest logit of a row is seldom its label's)`;
      throw new ArgumentError(where, 'classNames', expected, `none, and ${right} rows of ${most} that agree`);
    },
  };
}
