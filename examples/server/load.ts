import PQueue from 'p-queue';
import { KNOWN_SHAPES, STRANGE_SHAPES } from '../teachable-machine/draw-shapes';
import { drawnFiles } from './pictures';

/** What came of the requests of {@link load}. */
export interface LoadResult {
  /** Milliseconds of the answered ones, from the request to the whole answer. */
  median: number;
  p95: number;
  /** How many answers had each status. */
  statuses: Record<number, number>;
  /** Of known and of strange pictures, the share that is called OoD. */
  alarms: { known: number; strange: number };
  /** Bytes of the server's process after so many requests. */
  memory: { after: number; bytes: number }[];
}

const quantile = (sorted: readonly number[], share: number) => sorted[Math.ceil(sorted.length * share) - 1]!;

/** Sends pictures to a server, `clients` at a time: eight of ten known, one strange, one that is no picture. */
export async function load(address: string, requests: number, clients: number): Promise<LoadResult> {
  const known = await drawnFiles(KNOWN_SHAPES, 240, 2);
  const strange = await drawnFiles(STRANGE_SHAPES, 60, 3);
  const broken = known.map((file) => file.subarray(0, file.length / 2));
  const times: number[] = [];
  const statuses: Record<number, number> = {};
  const verdicts = { known: [] as boolean[], strange: [] as boolean[] };
  const memory: LoadResult['memory'] = [];
  const queue = new PQueue({ concurrency: clients });

  async function ask(i: number): Promise<void> {
    const kind = i % 10 === 8 ? 'strange' : i % 10 === 9 ? 'broken' : 'known';
    const files = { known, strange, broken }[kind];
    const body = new Uint8Array(files[i % files.length]!);
    const start = performance.now();
    const reply = await fetch(`${address}/verdict`, { method: 'POST', headers: { 'content-type': 'image/png' }, body });
    const answer = (await reply.json()) as { isOod: boolean };
    times.push(performance.now() - start);
    statuses[reply.status] = (statuses[reply.status] ?? 0) + 1;
    if (reply.ok && kind !== 'broken') verdicts[kind].push(answer.isOod);
  }

  for (let i = 0; i < requests; i++) {
    await queue.onSizeLessThan(1); // no list of all that is to come
    void queue.add(() => ask(i));
    if ((i + 1) % Math.ceil(requests / 10) === 0) {
      await queue.onIdle();
      const { memory: bytes } = (await (await fetch(`${address}/stats`)).json()) as { memory: number };
      memory.push({ after: i + 1, bytes });
    }
  }
  await queue.onIdle();
  times.sort((a, b) => a - b);
  const shareOf = (all: readonly boolean[]) => all.filter(Boolean).length / all.length;
  return {
    median: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    statuses,
    alarms: { known: shareOf(verdicts.known), strange: shareOf(verdicts.strange) },
    memory,
  };
}
