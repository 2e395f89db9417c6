/** Shards `from` to before `to` of a run: a place in its tree. */
export interface TreePlace {
  readonly from: number;
  readonly to: number;
}

/**
 * The places below one, at most `fanOut`: the largest whole subtrees that it takes. One shard has none below it.
 *
 * They follow from the number of shards alone, so that results are merged in one order whoever makes them, and when.
 */
export function placesBelow({ from, to }: TreePlace, fanOut: number): TreePlace[] {
  const count = to - from;
  if (count <= 1) return [];
  let size = 1;
  while (size * fanOut < count) size *= fanOut;
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
    from: from + i * size,
    to: Math.min(to, from + (i + 1) * size),
  }));
}

/** Whether it is a place of the tree of so many shards. */
export function isPlaceOf(place: TreePlace, shards: number, fanOut: number): boolean {
  let at: TreePlace | undefined = { from: 0, to: shards };
  while (at && !(at.from === place.from && at.to === place.to)) {
    at = placesBelow(at, fanOut).find(({ from, to }) => from <= place.from && place.to <= to);
  }
  return at !== undefined;
}
