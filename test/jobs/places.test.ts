import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlaceOf, placesBelow, type TreePlace } from '../../src/jobs/tree/places';

/** All places of a tree, the top one first. */
function* allPlaces(place: TreePlace, fanOut: number): Generator<TreePlace> {
  yield place;
  for (const below of placesBelow(place, fanOut)) yield* allPlaces(below, fanOut);
}

const trees = { shards: fc.integer({ min: 1, max: 700 }), fanOut: fc.integer({ min: 2, max: 20 }) };

test('the places below one are that one, cut: in order, none empty, at most as many as are merged at once', () => {
  fc.assert(
    fc.property(trees.shards, trees.fanOut, fc.nat(1000), (count, fanOut, from) => {
      const below = placesBelow({ from, to: from + count }, fanOut);
      if (count === 1) {
        expect(below).toEqual([]);
        return;
      }
      expect(below.length).toBeLessThanOrEqual(fanOut);
      expect(below.length).toBeGreaterThan(1);
      expect(below[0]!.from).toBe(from);
      expect(below.at(-1)!.to).toBe(from + count);
      below.forEach(({ from: start, to }, i) => {
        expect(to).toBeGreaterThan(start);
        if (i > 0) expect(start).toBe(below[i - 1]!.to);
      });
    }),
  );
});

test('each shard is one place of the tree, whose depth is the least that there is', () => {
  fc.assert(
    fc.property(trees.shards, trees.fanOut, (shards, fanOut) => {
      const places = [...allPlaces({ from: 0, to: shards }, fanOut)];
      const single = places.filter(({ from, to }) => to - from === 1);
      expect(single.map(({ from }) => from)).toEqual(Array.from({ length: shards }, (_, i) => i));
      let [depth, place] = [0, { from: 0, to: shards } as TreePlace];
      for (let next = placesBelow(place, fanOut); next.length > 0; next = placesBelow(place, fanOut)) {
        [place] = next as [TreePlace];
        depth++;
      }
      expect(fanOut ** depth).toBeGreaterThanOrEqual(shards);
      if (depth > 0) expect(fanOut ** (depth - 1)).toBeLessThan(shards);
    }),
  );
});

test('a place of the tree is known from one that is none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      trees.fanOut,
      fc.nat(110),
      fc.nat(110),
      (shards, fanOut, from, to) => {
        const places = [...allPlaces({ from: 0, to: shards }, fanOut)];
        const isOne = places.some((place) => place.from === from && place.to === to);
        expect(isPlaceOf({ from, to }, shards, fanOut)).toBe(isOne);
        for (const place of places) expect(isPlaceOf(place, shards, fanOut)).toBe(true);
      },
    ),
  );
});
