import { ArgumentError } from '../../core/errors';
import type { InputPlan } from './input-plan';
import { hullOf, liesIn, rangeText, type NumberRange } from './number-range';

/** Numbers of some rows. */
export interface WatchedRows {
  range: NumberRange;
  count: number;
  givenRow(row: number): number;
  /** Their numbers, or the lowest and highest of each; asked for where one is out of the range. */
  numbers(): Promise<ArrayLike<number>>;
}

function rangeOfRow(numbers: ArrayLike<number>, from: number, to: number): NumberRange {
  let [low, high] = [Infinity, -Infinity];
  for (let i = from; i < to; i++) [low, high] = [Math.min(low, numbers[i]!), Math.max(high, numbers[i]!)];
  return [low, high];
}

/** Takes note of the numbers of images, part by part, and refuses those that are out of the plan's range. */
export function rangeWatch(where: string, { range, isSeen }: InputPlan) {
  let all: NumberRange | undefined;
  const wrong = (own: NumberRange, row: number): ArgumentError => {
    const because = isSeen ? 'as at the fit' : 'which the model takes by the option input or its first layer';
    const expected =
      `numbers ${rangeText(range!)}, ${because} (bytes in a Uint8Array are brought there; all other numbers are used ` +
      `as they are: scale them, or say another input at the fit)`;
    return new ArgumentError(where, 'images', expected, `numbers ${rangeText(own)} at row ${row}`);
  };
  return {
    /** Of what came; undefined where nothing did. */
    seen: () => all,
    async see({ range: own, count, givenRow, numbers }: WatchedRows): Promise<void> {
      if (own[0] > own[1]) return;
      all = hullOf([all ?? own, own]);
      if (!range || liesIn(own, range)) return;
      const each = await numbers();
      const size = each.length / count;
      for (let row = 0; row < count; row++) {
        const ofRow = rangeOfRow(each, row * size, (row + 1) * size);
        if (!liesIn(ofRow, range)) throw wrong(ofRow, givenRow(row));
      }
    },
  };
}

export type RangeWatch = ReturnType<typeof rangeWatch>;
