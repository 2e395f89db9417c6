import { INDEX, LIST, OBJECT, TEXT, type Rule } from '../../core/check';
import { FormatError } from '../../core/errors';
import { isRecord, parseJson } from '../../core/saved/json';
import { readSaved } from '../../core/saved/read-saved';

/** Shards that could not be read: how many, and the first of them by name. */
export interface FailedShards {
  count: number;
  first: readonly { shard: string; error: string }[];
}

/** What a part of a run came to, as BullMQ hands it on: small, whatever the part. */
export interface PartSummary {
  run: string;
  phase: string;
  /** Shards `from` to before `to` are done. */
  from: number;
  to: number;
  /** How many shards the run has. */
  of: number;
  /** Rows that were read. */
  rows: number;
  failed: FailedShards;
  /** Further counts, summed over shards. */
  counts: Readonly<Record<string, number>>;
}

/** A part as it lies in the store: its summary, and what was made of its rows. */
export interface PartResult {
  summary: PartSummary;
  bytes: Uint8Array;
}

/** So many failed shards are named, each with so many letters of its error. */
export const MOST_NAMED = 20;
const MOST_LETTERS = 300;

export const NONE_FAILED: FailedShards = { count: 0, first: [] };

/** Failed shards of several parts together. */
export function joinFailed(all: readonly FailedShards[]): FailedShards {
  const first = all.flatMap((one) => one.first).slice(0, MOST_NAMED);
  return { count: all.reduce((sum, { count }) => sum + count, 0), first };
}

export const oneFailed = (shard: string, error: string): FailedShards => ({
  count: 1,
  first: [{ shard, error: error.slice(0, MOST_LETTERS) }],
});

/** Sums of counts by name. */
export function sumCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all) for (const name in counts) sums[name] = (sums[name] ?? 0) + counts[name]!;
  return sums;
}

const HEAD_BYTES = 4;

/** One file of both, so that they are never of two tries. */
export function encodePart({ summary, bytes }: PartResult): Uint8Array {
  const head = new TextEncoder().encode(JSON.stringify(summary));
  const file = new Uint8Array(HEAD_BYTES + head.length + bytes.length);
  new DataView(file.buffer).setUint32(0, head.length, true);
  file.set(head, HEAD_BYTES);
  file.set(bytes, HEAD_BYTES + head.length);
  return file;
}

const COUNTS: Rule = {
  expected: 'counts by name',
  holds: (value: unknown) => isRecord(value) && Object.values(value).every((count) => INDEX.holds(count as number)),
};

/** A summary that comes back from the queue or the store. @throws FormatError */
export function readSummary(where: string, path: string, given: unknown): PartSummary {
  const summary = readSaved<PartSummary>(
    where,
    given,
    {
      run: [TEXT],
      phase: [TEXT],
      from: [INDEX],
      to: [INDEX],
      of: [INDEX],
      rows: [INDEX],
      failed: [OBJECT],
      counts: [COUNTS],
    },
    path,
  );
  readSaved<FailedShards>(where, summary.failed, { count: [INDEX], first: [LIST] }, `${path}.failed`);
  return summary;
}

/** @throws FormatError where the bytes are no part */
export function decodePart(where: string, key: string, file: Uint8Array): PartResult {
  const refuse = (received: string) => new FormatError(where, key, 'a part of a run', received);
  if (file.length < HEAD_BYTES) throw refuse(`${file.length} bytes`);
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  if (length > file.length - HEAD_BYTES) throw refuse(`${file.length} bytes (is it cut short?)`);
  let given: unknown;
  try {
    given = parseJson(new TextDecoder().decode(file.subarray(HEAD_BYTES, HEAD_BYTES + length)));
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const summary = readSummary(where, key, given);
  return { summary, bytes: file.subarray(HEAD_BYTES + length) };
}
