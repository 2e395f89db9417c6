/** The k largest of a stream of numbers, with their places; of equal ones the first. */
export interface RunningTop {
  /** Looks at `numbers[from]` to `numbers[from + count - 1]`, whose first has the place `offset`. */
  add(numbers: ArrayLike<number>, from: number, count: number, offset: number): void;
  /** Looks at one number. */
  offer(number: number, place: number): void;
  /** The smallest of those kept; -Infinity while there are fewer than k. */
  least(): number;
  /** Places [k] in no order. */
  places(): Int32Array;
  /** The numbers kept [k], in the order of the places. */
  numbers(): Float64Array;
}

/** A heap whose root is the smallest number kept. A NaN is never kept. */
export function runningTop(k: number): RunningTop {
  const values = new Float64Array(k).fill(-Infinity);
  const places = new Int32Array(k);

  /** The root gives way; the new value sinks to its place. */
  function replaceLeast(value: number, place: number): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= k) break;
      if (child + 1 < k && values[child + 1]! < values[child]!) child++;
      if (values[child]! >= value) break;
      values[i] = values[child]!;
      places[i] = places[child]!;
      i = child;
    }
    values[i] = value;
    places[i] = place;
  }

  return {
    add(numbers, from, count, offset) {
      let least = values[0]!;
      const end = from + count;
      for (let j = from; j < end; j += 4) {
        // Nearly all are too small: four at once, the loop costs more than the comparison.
        const last = Math.min(j + 4, end);
        if (last === j + 4) {
          const none = numbers[j]! <= least && numbers[j + 1]! <= least && numbers[j + 2]! <= least;
          if (none && numbers[j + 3]! <= least) continue;
        }
        for (let i = j; i < last; i++) {
          const value = numbers[i]!;
          if (!(value > least)) continue;
          replaceLeast(value, offset + i - from);
          least = values[0]!;
        }
      }
    },
    offer(number, place) {
      if (number > values[0]!) replaceLeast(number, place);
    },
    least: () => values[0]!,
    places: () => places,
    numbers: () => values,
  };
}
