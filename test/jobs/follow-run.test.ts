import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { followRun, type RunProgress } from 'tfjs-ood/jobs';
import { placesBelow, type TreePlace } from '../../src/jobs/tree/places';
import { NONE_FAILED } from '../../src/jobs/tree/part-result';

/** The places of a tree as they end: those below before those above. */
function* ending(place: TreePlace, fanOut: number): Generator<TreePlace> {
  for (const below of placesBelow(place, fanOut)) yield* ending(below, fanOut);
  yield place;
}

/** Rows of shard i: i + 1. */
const rowsOf = ({ from, to }: TreePlace) => ((to - from) * (from + 1 + to)) / 2;

test('parts that end twice, late or unheard of are counted once, and nothing is lost in the end', () => {
  const how = fc.record({ of: fc.integer({ min: 1, max: 60 }), fanOut: fc.integer({ min: 2, max: 9 }) });
  fc.assert(
    fc.property(how, fc.infiniteStream(fc.nat(9)), ({ of, fanOut }, draws) => {
      const places = [...ending({ from: 0, to: of }, fanOut)];
      const told: TreePlace[] = [];
      const draw = () => draws.next().value as number;
      for (const place of places.slice(0, -1)) {
        if (draw() > 0) told.push(place); // some are lost
        if (draw() > 6 && told.length > 0) told.push(told[(draw() * 7) % told.length]!); // some come again
      }
      const events = new EventEmitter();
      const seen: RunProgress[] = [];
      const stop = followRun(events, { run: 'a', onProgress: (progress) => seen.push(progress) });
      const tell = ({ from, to }: TreePlace, run = 'a') => {
        const rows = rowsOf({ from, to });
        const returnvalue = { run, phase: 'fit', from, to, of, rows, failed: NONE_FAILED, counts: {} };
        events.emit('completed', { jobId: '1', returnvalue });
      };
      const done = new Set<number>();
      for (const place of told) {
        const before = done.size;
        for (let shard = place.from; shard < place.to; shard++) done.add(shard);
        const calls = seen.length;
        tell(place);
        tell(place, 'b');
        expect(seen.length).toBe(calls + (done.size > before ? 1 : 0));
        const rows = [...done].reduce((sum, shard) => sum + shard + 1, 0);
        expect(seen.at(-1)).toEqual({ run: 'a', phase: 'fit', shards: done.size, of, rows });
      }
      tell({ from: 0, to: of });
      expect(seen.at(-1)).toMatchObject({ shards: of, rows: rowsOf({ from: 0, to: of }) });
      const calls = seen.length;
      stop();
      tell({ from: 0, to: of });
      expect(seen.length).toBe(calls);
      expect(events.listenerCount('completed')).toBe(0);
    }),
  );
});

test('what other jobs return is nothing to it', () => {
  const events = new EventEmitter();
  followRun(events, { run: 'a', onProgress: () => expect.fail() });
  for (const returnvalue of [undefined, null, 5, 'text', {}, { run: 'a' }, { run: 'a', phase: 'fit', from: -1 }]) {
    events.emit('completed', { jobId: '1', returnvalue });
  }
  const wrong = [undefined, null, {}, 'events'];
  for (const one of wrong) {
    expect(() => followRun(one as never, { run: 'a', onProgress: () => undefined })).toThrow(ArgumentError);
  }
});
