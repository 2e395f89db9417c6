import { check, COUNT, INTEGER, NOT_NEGATIVE, required, type Rule } from '../core/check';
import { seededRandom } from '../core/random';
import { readOptions } from '../core/read-options';

/** A part of a picture in its pixels; the right and lower edges are excluded, so that right - left is its width. */
export interface PictureBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Options of {@link placesBeside}. */
export interface PlacesBesideOptions {
  /** Pixels of a side of each square. */
  side: number;
  /** At most so many squares. */
  count: number;
  seed: number;
  /** Pixels between a square and any box, at least; default 0. */
  margin?: number;
}

const SIZE: Rule = {
  expected: 'height and width, whole numbers from 1',
  holds: (size: unknown) =>
    Array.isArray(size) && size.length === 2 && size.every((side) => COUNT.holds(side as number)),
};
const BOXES: Rule = {
  expected: 'a list of { left, top, right, bottom }, finite, left <= right and top <= bottom',
  holds: (boxes: unknown) =>
    Array.isArray(boxes) &&
    boxes.every((box: Partial<PictureBox> | null) => {
      const { left, top, right, bottom } = box ?? {};
      return [left, top, right, bottom].every(Number.isFinite) && left! <= right! && top! <= bottom!;
    }),
};

/** Where squares may begin in one row: [first, end) pairs of columns, what `taken` forbids being left out. */
function freeRuns(taken: readonly (readonly [from: number, to: number])[], end: number): [number, number][] {
  const runs: [number, number][] = [];
  let at = 0;
  for (const [from, to] of [...taken].sort((a, b) => a[0] - b[0])) {
    if (from > at) runs.push([at, Math.min(from, end)]);
    at = Math.max(at, to);
    if (at >= end) return runs;
  }
  return at < end ? [...runs, [at, end]] : runs;
}

/**
 * Squares of a picture that touch none of its boxes: the background beside what was labeled, as anomalies of the same
 * photographs. Every place that is free is as likely as any other; no place comes twice, squares may overlap.
 *
 * Source: Masana et al. 2018, section 4, where the anomaly of traffic signs is background.
 *
 * @param size of the picture in pixels
 * @param boxes what is labeled; parts outside the picture count as far as they reach into it
 * @returns at most `count` squares, fewer (or none) where fewer places are free
 * @throws ArgumentError for a size, boxes or options out of their rules
 * @example
 * const sign = { left: 10, top: 10, right: 30, bottom: 30 };
 * placesBeside([48, 64], [sign], { side: 16, count: 3, seed: 1 }); // three squares of 16 x 16 beside it
 */
export function placesBeside(
  size: readonly [height: number, width: number],
  boxes: readonly PictureBox[],
  options: PlacesBesideOptions,
): PictureBox[] {
  const where = 'placesBeside';
  const { side, count, seed, margin } = readOptions(where, options, {
    side: [required(COUNT)],
    count: [required(COUNT)],
    seed: [required(INTEGER)],
    margin: [NOT_NEGATIVE, 0],
  });
  check(where, 'size', size, SIZE);
  check(where, 'boxes', boxes, BOXES);
  const [rows, columns] = [size[0] - side + 1, size[1] - side + 1]; // where a square may begin
  const runs: { top: number; left: number; before: number }[] = [];
  let free = 0;
  for (let top = 0; top < rows && columns > 0; top++) {
    // A square meets a box where both their heights and their widths do
    const beside = boxes.filter((box) => top < box.bottom + margin && top + side > box.top - margin);
    const taken = beside.map((box): [number, number] => [
      Math.floor(box.left - margin - side) + 1,
      Math.ceil(box.right + margin),
    ]);
    for (const [left, end] of freeRuns(taken, columns)) {
      runs.push({ top, left, before: free });
      free += end - left;
    }
  }
  const random = seededRandom(seed);
  const chosen = new Set<number>();
  // The k-th of Floyd's draws without replacement: each set of `wanted` places is as likely as any other
  const wanted = Math.min(count, free);
  for (let last = free - wanted; last < free; last++) {
    const one = random.integer(last + 1);
    chosen.add(chosen.has(one) ? last : one);
  }
  return Array.from(chosen, (place) => {
    let [low, high] = [0, runs.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (runs[middle]!.before <= place) low = middle;
      else high = middle - 1;
    }
    const { top, left: first, before } = runs[low]!;
    const left = first + place - before;
    return { left, top, right: left + side, bottom: top + side };
  });
}
