import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { describeOnDisk, mountDisk, unmountDisk } from '../needs-mount';
import { checkpointsIn, experimentFolder, resultIn, trainingIn } from './experiment-process';

const lastLine = (output: string) => output.trim().split('\n').at(-1)!;
const filesIn = async (folder: string) => {
  const names = (await readdir(folder)).filter((name) => name.startsWith('checkpoint-'));
  return Promise.all(names.sort().map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')]));
};

/**
 * The experiment on a small disk in memory that gets full (with room for so many `checkpoints`) or read-only: it says
 * so, and goes on when that is mended.
 */
export function diskSuite(options: { checkpoints: readonly (0 | 1 | 2)[] }): void {
  describeOnDisk('an experiment on a small disk', () => testsOnDisk(options));
}

function testsOnDisk({ checkpoints: rooms }: { checkpoints: readonly (0 | 1 | 2)[] }): void {
  const { place, start } = experimentFolder(6);
  let disk = '';
  let whole: Record<string, string>;
  let size = 0;
  beforeAll(async () => {
    const out = place('whole');
    const run = start(out);
    expect(await run.ended, run.output()).toBe(0);
    whole = await resultIn(out);
    size = Buffer.from(whole['checkpoint-000006.safetensors']!, 'base64').length;
    disk = place('disk');
    await mkdir(disk);
    mountDisk(disk, 'size=2m');
  });
  afterAll(() => {
    if (disk) unmountDisk(disk);
  });

  /** Fills the disk up to so many bytes. */
  async function leave(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(disk);
    await writeFile(join(disk, 'filler'), new Uint8Array(bavail * bsize - bytes));
  }

  test('a full disk: the file is named, the checkpoint before stays, and with more room it ends with the same weights', async () => {
    const random = seededRandom(3);
    // Room for so many checkpoints: three are there at a time, the newest one aside.
    for (const checkpoints of rooms) {
      const file = `checkpoint-00000${checkpoints + 1}.safetensors`;
      const out = join(disk, 'run');
      await leave((checkpoints + 0.2 + 0.6 * random.uniform()) * size + 40_000); // the small files take some pages
      const run = start(out);
      expect(await run.ended).toBe(1);
      expect(lastLine(run.output())).toMatch(
        new RegExp(`^writeFileAtomic: ${trainingIn(out)}/${file} must be on a disk with space left, got ENOSPC`),
      );
      expect(await checkpointsIn(trainingIn(out))).toEqual([2, 1].slice(2 - checkpoints));
      const before = await filesIn(trainingIn(out));
      expect((await readdir(trainingIn(out))).filter((name) => name.endsWith('.part'))).toEqual([]);

      const again = start(out); // still no room
      expect(await again.ended).toBe(1);
      expect(lastLine(again.output())).toContain('must be on a disk with space left');
      expect(await filesIn(trainingIn(out))).toEqual(before);

      await rm(join(disk, 'filler'));
      const last = start(out);
      expect(await last.ended, last.output()).toBe(0);
      expect(await resultIn(out)).toEqual(whole);
      await rm(out, { recursive: true });
    }
  });

  test('what a killed run left aside makes no disk full', async () => {
    const out = join(disk, 'run');
    for (;;) {
      const first = start(out);
      await first.says('Evaluating');
      first.child.kill('SIGKILL');
      if ((await first.ended) === null) break;
      await rm(out, { recursive: true }); // it was faster
    }
    const folder = trainingIn(out);
    await rm(join(folder, 'checkpoint-000006.safetensors')); // as if it was killed while it wrote that
    for (const digit of [1, 2]) {
      const part = `checkpoint-000006.safetensors.${String(digit).repeat(8)}-0000-0000-0000-000000000000.part`;
      await writeFile(join(folder, part), new Uint8Array(size - 1));
    }
    await leave(10_000);
    const last = start(out);
    expect(await last.ended, last.output()).toBe(0);
    await rm(join(disk, 'filler'));
    expect(await resultIn(out)).toEqual(whole);
    await rm(out, { recursive: true });
  });

  test('a disk that becomes read-only: it says so, at the start too, and goes on when it is mended', async () => {
    const out = join(disk, 'run');
    const run = start(out);
    await run.says('Training');
    while ((await checkpointsIn(trainingIn(out))).length < 2) await sleep(1);
    for (let isMounted = false; !isMounted; await sleep(1)) {
      run.child.kill('SIGSTOP'); // or it may end meanwhile
      try {
        execFileSync('mount', ['-o', 'remount,ro', disk], { stdio: 'pipe' });
        isMounted = true;
      } catch {
        // busy: a file is just being written
      }
      run.child.kill('SIGCONT');
    }
    const before = await filesIn(trainingIn(out));
    expect(await run.ended).toBe(1);
    const says = /: \/\S+ must be on a disk that is not read-only, got EROFS/;
    expect(lastLine(run.output())).toMatch(says);
    const again = start(out);
    expect(await again.ended).toBe(1);
    expect(lastLine(again.output())).toMatch(says);
    expect(lastLine(again.output())).toContain(out);
    expect(await filesIn(trainingIn(out))).toEqual(before);
    execFileSync('mount', ['-o', 'remount,rw', disk], { stdio: 'pipe' });
    const last = start(out);
    expect(await last.ended, last.output()).toBe(0);
    expect(await resultIn(out)).toEqual(whole);
  });
}
