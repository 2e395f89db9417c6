import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placesBeside, type PictureBox } from 'tfjs-ood/datasets';

/** All places of a square, one by one. */
function everyPlace(
  [height, width]: readonly [number, number],
  boxes: readonly PictureBox[],
  side: number,
  margin: number,
) {
  const places: string[] = [];
  for (let top = 0; top + side <= height; top++) {
    for (let left = 0; left + side <= width; left++) {
      const isFree = boxes.every(
        (box) =>
          left + side <= box.left - margin ||
          left >= box.right + margin ||
          top + side <= box.top - margin ||
          top >= box.bottom + margin,
      );
      if (isFree) places.push(`${left},${top}`);
    }
  }
  return places;
}
const keyOf = ({ left, top }: PictureBox) => `${left},${top}`;

describe('places beside boxes', () => {
  test('all that are free, and no other, however the boxes lie', () => {
    const edge = fc.double({ min: -5, max: 25, noNaN: true });
    const box = fc.tuple(edge, edge, edge, edge).map(([a, b, c, d]) => ({
      left: Math.min(a, b),
      right: Math.max(a, b),
      top: Math.min(c, d),
      bottom: Math.max(c, d),
    }));
    const whole = fc
      .tuple(fc.nat(20), fc.nat(20), fc.nat(9), fc.nat(9))
      .map(([left, top, width, height]) => ({ left, top, right: left + width + 1, bottom: top + height + 1 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.oneof(box, whole), { maxLength: 4 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(0, 1, 1.5),
        (height, width, boxes, side, margin) => {
          const all = placesBeside([height, width], boxes, { side, count: 1000, seed: 1, margin });
          expect(all.map(keyOf).sort()).toEqual(everyPlace([height, width], boxes, side, margin).sort());
          for (const { left, top, right, bottom } of all) expect([right - left, bottom - top]).toEqual([side, side]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('each is as likely as any other', () => {
    const size = [12, 14] as const;
    const boxes = [{ left: 4, top: 3, right: 9, bottom: 8 }];
    const places = everyPlace(size, boxes, 3, 0);
    const counts = new Map(places.map((place) => [place, 0]));
    const draws = 6000;
    for (let seed = 1; seed <= draws; seed++) {
      const drawn = placesBeside(size, boxes, { side: 3, count: 2, seed }).map(keyOf);
      expect(new Set(drawn).size).toBe(2);
      for (const place of drawn) counts.set(place, counts.get(place)! + 1);
    }
    const expected = (2 * draws) / places.length;
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = places.length - 1;
    expect(Math.abs(chi - freedom)).toBeLessThan(4 * Math.sqrt(2 * freedom));
  });

  test('the seed decides; none where none is free', () => {
    const size = [40, 40] as const;
    const some = (seed: number) => placesBeside(size, [], { side: 8, count: 5, seed });
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
    expect(placesBeside(size, [], { side: 41, count: 5, seed: 1 })).toEqual([]);
    expect(placesBeside(size, [{ left: 0, top: 0, right: 40, bottom: 40 }], { side: 1, count: 5, seed: 1 })).toEqual(
      [],
    );
    expect(placesBeside([8, 8], [], { side: 8, count: 5, seed: 1 })).toEqual([
      { left: 0, top: 0, right: 8, bottom: 8 },
    ]);
  });

  test.each([
    [[[8], []], 'size must be height and width, whole numbers from 1'],
    [[[8, 0.5], []], 'size must be'],
    [[[8, 8], [{ left: 3, top: 0, right: 2, bottom: 1 }]], 'boxes must be a list of { left, top, right, bottom }'],
    [[[8, 8], [{ left: 3, top: 0, right: NaN, bottom: 1 }]], 'boxes must be'],
    [[[8, 8], [null]], 'boxes must be'],
  ])('refuses %j', ([size, boxes], message) => {
    const ask = () => placesBeside(size as never, boxes as never, { side: 1, count: 1, seed: 1 });
    expect(ask).toThrow(message);
  });
});
