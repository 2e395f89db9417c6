import { watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { checkpointsIn, epochsIn, experimentFolder, resultIn, trainingIn } from './experiment-process';
import type { ExperimentProcess } from './experiment-process';

const MOMENTS = ['starting', 'training', 'writing a checkpoint', 'evaluating'] as const;
type Moment = (typeof MOMENTS)[number];

/** In what a process was killed, by what it had said and what it left. */
async function momentOf({ output }: ExperimentProcess, folder: string): Promise<{ moment: Moment; parts: number }> {
  const names = await readdir(folder).catch((): string[] => []);
  const parts = names.filter((name) => name.startsWith('checkpoint-') && name.endsWith('.part')).length;
  if (!output().includes('Training')) return { moment: 'starting', parts: 0 };
  const [newest = 0] = await checkpointsIn(folder);
  // The line of an epoch comes just before its checkpoint.
  const isWriting = parts > 0 || ((await epochsIn(folder)).at(-1) ?? 0) > newest;
  if (isWriting) return { moment: 'writing a checkpoint', parts };
  return { moment: output().includes('Evaluating') ? 'evaluating' : 'training', parts };
}

/** Milliseconds that writing a checkpoint can take. */
const WRITING = 10;

/** Calls once, when the writing of the next checkpoint begins; not at all where the process ends before. */
function atCheckpoint({ child, ended }: ExperimentProcess, folder: string, call: () => void): void {
  if (child.exitCode !== null) return;
  const watcher = watch(folder, (_, name) => {
    if (!name?.startsWith('checkpoint-')) return;
    watcher.close();
    call();
  });
  void ended.then(() => watcher.close());
}

/**
 * Kills the experiment `KILLS` times (otherwise `kills`) at moments of the seed `KILL_SEED`, and lets it end each time
 * with the weights of one that nobody disturbed.
 */
export function killSuite({ kills: given, epochs }: { kills: number; epochs: number }): void {
  const kills = Number(process.env.KILLS ?? given);
  const seed = Number(process.env.KILL_SEED ?? 1);
  const { place, start } = experimentFolder(epochs);
  let whole: Record<string, string>;
  /** Milliseconds until training begins, and of an epoch. */
  let [toStart, ofEpoch] = [0, 0];
  beforeAll(async () => {
    const out = place('whole');
    const begin = performance.now();
    const run = start(out);
    await run.says('Training');
    toStart = performance.now() - begin;
    await run.says('Evaluating');
    ofEpoch = (performance.now() - begin - toStart) / epochs;
    expect(await run.ended, run.output()).toBe(0);
    whole = await resultIn(out);
    expect(whole.epochs).toBe(Array.from({ length: epochs }, (_, i) => i + 1).join());
    // The last two checkpoints with their checksums, scores, and the epochs.
    expect(Object.keys(whole)).toHaveLength(6);
  });

  test(`killed ${kills} times, it ends with the same weights and scores`, { timeout: 6 * 3_600_000 }, async () => {
    const random = seededRandom(seed, 7);
    const count = Object.fromEntries(MOMENTS.map((moment) => [moment, 0])) as Record<Moment, number>;
    let [done, runs, parts] = [0, 0, 0];

    /** One process: killed, or at its end. */
    async function live(out: string, isLast: boolean): Promise<'killed' | 'ended'> {
      const run = start(out);
      if (!isLast) {
        const kill = (within: number) => void setTimeout(() => run.child.kill('SIGKILL'), random.uniform() * within);
        const kind = random.uniform();
        if (kind < 1 / 8) kill(toStart);
        else if (kind < 5 / 8) void run.says('Training').then(() => kill(3 * ofEpoch));
        else void run.says('Training').then(() => atCheckpoint(run, trainingIn(out), () => kill(WRITING)));
      }
      const code = await run.ended;
      if (code !== null) {
        expect(code, `run ${runs} of seed ${seed}, after ${done} kills: ${run.output()}`).toBe(0);
        return 'ended';
      }
      const found = await momentOf(run, trainingIn(out));
      done++;
      count[found.moment]++;
      parts += found.parts;
      return 'killed';
    }

    while (done < kills) {
      const out = place('killed');
      while ((await live(out, done >= kills)) === 'killed');
      runs++;
      expect(await resultIn(out), `run ${runs} of seed ${seed}`).toEqual(whole);
      expect((await readdir(trainingIn(out))).filter((name) => name.endsWith('.part'))).toEqual([]);
      const moments = MOMENTS.map((moment) => `${moment} ${count[moment]}`).join(', ');
      console.log(`${done} kills, ${runs} runs; killed when ${moments}; files left aside: ${parts}`);
    }
    if (done < 50) return;
    for (const moment of MOMENTS.slice(0, 3)) expect(count[moment], moment).toBeGreaterThan(0);
    expect(parts, 'files left aside').toBeGreaterThan(0);
  });

  test('two at a time refuse each other, and the first goes on', async () => {
    const out = place('two');
    const first = start(out);
    await first.says('Output:');
    first.child.kill('SIGSTOP'); // or it may end while the second one starts
    const second = start(out);
    const code = await second.ended;
    first.child.kill('SIGCONT');
    expect(code, second.output()).toBe(1);
    expect(second.output()).toContain(`openRunFolder: ${out} must be a free folder, got one that process`);
    expect(second.output()).toContain(String(first.child.pid));
    expect(await first.ended, first.output()).toBe(0);
    expect(await resultIn(out)).toEqual(whole);
  });
}
