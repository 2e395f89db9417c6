import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, readFile, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { openRunFolder, StorageError } from 'tfjs-ood/node';
import { buildNode, startScript } from './built-node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
let module = '';
beforeAll(async () => void (module = await buildNode(place('built'))));

const bytesOf = (epoch: number) => new Uint8Array(5000).fill(epoch);
const lock = (owner: object) => JSON.stringify({ pid: 1, start: '', host: hostname(), token: 'other', ...owner });
const startOf = async (pid: number) => (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1]!.split(' ')[19]!;

describe('configuration', () => {
  test('is written at first, and the same one opens the folder again in any order of keys', async () => {
    const path = join(place(), 'deep', 'folder');
    await (await openRunFolder(path, { seed: 1, net: { width: 2, depth: [3] }, none: undefined })).close();
    expect(JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))).toEqual({
      seed: 1,
      net: { width: 2, depth: [3] },
    });
    await (await openRunFolder(path, { net: { depth: [3], width: 2 }, seed: 1 })).close();
    expect(await readdir(path)).toEqual(['config.json']);
  });

  test('another one is refused by the keys that differ, and the folder is free again', async () => {
    const path = place();
    const config = { seed: 1, same: 'x', gone: true, net: { width: 2, depth: 3 } };
    await (await openRunFolder(path, config)).close();
    const other = { seed: 2, same: 'x', added: null, net: { width: 2, depth: 4 } };
    const error = await openRunFolder(path, other).catch((e: unknown) => e as ArgumentError);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as ArgumentError).details.received).toBe(
      'seed 2 (there: 1), gone nothing (there: true), net.depth 4 (there: 3), added null (there: nothing); ' +
        'take another folder, or the same numbers',
    );
    await (await openRunFolder(path, config)).close();
  });

  test('a damaged one is a FormatError that names it', async () => {
    const path = place();
    await mkdir(path);
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    for (const text of ['{"seed": 1', '[1]', '', deep]) {
      await writeFile(join(path, 'config.json'), text);
      const opened = openRunFolder(path, { seed: 1 });
      await expect(opened).rejects.toThrow(FormatError);
      await expect(opened).rejects.toThrow(/config\.json/);
    }
  });

  test('one that is too deep to be read again is not written', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as Record<string, unknown>;
    await expect(openRunFolder(place(), deep)).rejects.toThrow('config must be JSON of at most 32 levels');
  });
});

describe('lock', () => {
  test('a second run is refused until the first closes; closing twice is no harm', async () => {
    const path = place();
    const first = await openRunFolder(path, {});
    await expect(openRunFolder(path, {})).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
    await first.close();
    const second = await openRunFolder(path, {});
    await first.close();
    await expect(openRunFolder(path, {})).rejects.toThrow('a free folder');
    await expect(first.writeJson('x.json', 1)).rejects.toThrow('an open run folder');
    await expect(first.saveCheckpoint(bytesOf(1), { epoch: 1 })).rejects.toThrow('an open run folder');
    await second.close();
  });

  test('another process holds it, and a kill -9 frees it', async () => {
    const path = place();
    const script = `await openRunFolder(${JSON.stringify(path)}, {}); console.log('open'); setInterval(() => 0, 1000);`;
    const holder = startScript(module, script);
    await once(holder.child.stdout!, 'data');
    await expect(openRunFolder(path, {})).rejects.toThrow(`process ${holder.child.pid}`);
    holder.child.kill('SIGKILL');
    await holder.ended;
    expect(existsSync(join(path, 'run.lock'))).toBe(true);
    await (await openRunFolder(path, {})).close();
    expect(await readdir(path)).toEqual(['config.json']);
  });

  test.skipIf(!existsSync('/proc/self/stat'))(
    'a killed process that its parent has not collected is dead',
    async () => {
      const path = place();
      await mkdir(path);
      // The inner process ends; the outer one, after exec, is a sleep that never waits for it.
      const parent = spawn('bash', ['-c', 'sleep 1 & echo $!; exec sleep 30'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(chunk.toString());
      await expect.poll(() => readFile(`/proc/${pid}/stat`, 'latin1'), { timeout: 30_000 }).toContain(') Z ');
      await writeFile(join(path, 'run.lock'), lock({ pid, start: await startOf(pid) }));
      await (await openRunFolder(path, {})).close();
      parent.kill();
    },
  );

  test('a process that ends without closing leaves no lock', async () => {
    const path = place();
    const { ended, output } = startScript(module, `await openRunFolder(${JSON.stringify(path)}, {}); process.exit(3);`);
    expect(await ended, output()).toBe(3);
    expect(await readdir(path)).toEqual(['config.json']);
  });

  test.skipIf(!existsSync('/proc/self/stat'))('tells a process from an earlier one with its number', async () => {
    const path = place();
    await mkdir(path);
    const file = join(path, 'run.lock');
    const start = await startOf(process.ppid);
    await writeFile(file, lock({ pid: process.ppid, start }));
    await expect(openRunFolder(path, {})).rejects.toThrow(`process ${process.ppid}`);
    await writeFile(file, lock({ pid: process.ppid, start: String(Number(start) + 1) }));
    await (await openRunFolder(path, {})).close();
  });

  test('nobody can tell of a process on another machine, or of a lock that is just being written', async () => {
    const path = place();
    await mkdir(path);
    await writeFile(join(path, 'run.lock'), lock({ pid: 2 ** 22 + 1, host: 'elsewhere' }));
    await expect(openRunFolder(path, {})).rejects.toThrow('on elsewhere');
    await writeFile(join(path, 'run.lock'), '{"pid"');
    await expect(openRunFolder(path, {})).rejects.toThrow('another process');
    await writeFile(join(path, 'run.lock'), lock({ pid: 2 ** 22 + 1 })); // above Linux's highest number
    await (await openRunFolder(path, {})).close();
  });

  test('of many processes that find a dead lock, one gets the folder', async () => {
    const path = place();
    await mkdir(path);
    for (let round = 0; round < 3; round++) {
      await writeFile(join(path, 'run.lock'), lock({ pid: 2 ** 22 + 1 }));
      const script = `
        await openRunFolder(${JSON.stringify(path)}, {}).then(() => console.log('mine'), (e) => console.log(e.name));
        process.stdin.resume(); process.stdin.on('end', () => process.exit());`;
      const runs = Array.from({ length: 5 }, () => startScript(module, script));
      await Promise.all(runs.map(({ child }) => once(child.stdout!, 'data')));
      runs.forEach(({ child }) => child.stdin!.end());
      await Promise.all(runs.map(({ ended }) => ended));
      expect(runs.map(({ output }) => output().trim()).sort()).toEqual([
        ...Array<string>(4).fill('ArgumentError'),
        'mine',
      ]);
    }
  });

  test('is not given away while something is being written', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    const saved = run.saveCheckpoint(new Uint8Array(20e6).fill(2), { epoch: 2 });
    const more = [run.writeBytes('b', bytesOf(1)), run.appendLine('lines', {}), run.truncateLines('none', () => true)];
    await Promise.all([run.close(), run.close()]);
    const next = await openRunFolder(path, {});
    expect(await next.latestCheckpoint()).toMatchObject({ epoch: 2, damaged: [] });
    await Promise.all([saved, ...more]);
    expect((await readdir(path)).filter((name) => name.endsWith('.part'))).toEqual([]);
    await next.close();
    const failing = await openRunFolder(path, {});
    const refused = failing.writeBytes('no/such/folder', bytesOf(1));
    await Promise.all([failing.close(), expect(refused).rejects.toThrow(StorageError)]);
    await (await openRunFolder(path, {})).close();
  });

  test('is not removed from under another run that took it since', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    await unlink(join(path, 'run.lock'));
    const other = await openRunFolder(path, {});
    await run.close();
    await expect(openRunFolder(path, {})).rejects.toThrow('a free folder');
    await other.close();
  });
});

describe('checkpoints', () => {
  test('the newest is found, the last two are kept, past the digits of the name too', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    expect(await run.latestCheckpoint()).toBeUndefined();
    for (const epoch of [0, 9, 10, 999_999, 1_000_000]) {
      await run.saveCheckpoint(bytesOf(epoch % 251), { epoch });
      const latest = await run.latestCheckpoint();
      expect(latest).toMatchObject({ epoch, damaged: [] });
      expect(Buffer.compare(latest!.bytes, bytesOf(epoch % 251))).toBe(0);
    }
    const kept = ['checkpoint-1000000.safetensors', 'checkpoint-999999.safetensors'];
    const files = (await readdir(path)).filter((name) => name.startsWith('checkpoint')).sort();
    expect(files).toEqual(kept.flatMap((name) => [name, `${name}.sha256`]));
    for (const epoch of [-1, 0.5, NaN])
      await expect(run.saveCheckpoint(bytesOf(1), { epoch })).rejects.toThrow('epoch');
    await run.close();
  });

  const damages: [string, (file: string) => Promise<void>][] = [
    ['cut', (file) => truncate(file, 4999)],
    ['longer', (file) => appendFile(file, 'x')],
    ['with one other byte', (file) => writeFile(file, bytesOf(2).fill(7, 100, 101))],
    ['without a checksum', (file) => unlink(`${file}.sha256`)],
    ['with an empty checksum', (file) => truncate(`${file}.sha256`, 0)],
  ];
  test.each(damages)('a newest one %s falls back to the one before, and can be saved again', async (_, damage) => {
    const path = place();
    const run = await openRunFolder(path, {});
    await run.saveCheckpoint(bytesOf(1), { epoch: 1 });
    await run.saveCheckpoint(bytesOf(2), { epoch: 2 });
    await damage(join(path, 'checkpoint-000002.safetensors'));
    const latest = await run.latestCheckpoint();
    expect(latest).toMatchObject({ epoch: 1, damaged: ['checkpoint-000002.safetensors'] });
    expect(latest!.bytes[0]).toBe(1);
    await run.saveCheckpoint(bytesOf(3), { epoch: 2 });
    expect(await run.latestCheckpoint()).toMatchObject({ epoch: 2, damaged: [] });
    await run.close();
  });

  test('one that cannot be read is an error: the disk says nothing of the checkpoint', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    await run.saveCheckpoint(bytesOf(1), { epoch: 1 });
    await mkdir(join(path, 'checkpoint-000002.safetensors')); // as root reads all files, a folder in its place
    await expect(run.latestCheckpoint()).rejects.toThrow(StorageError);
    await expect(run.latestCheckpoint()).rejects.toThrow('checkpoint-000002.safetensors');
    await run.close();
  });

  test('where all are damaged, nothing begins anew by itself', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    await run.saveCheckpoint(bytesOf(1), { epoch: 1 });
    await truncate(join(path, 'checkpoint-000001.safetensors'), 10);
    await expect(run.latestCheckpoint()).rejects.toThrow(FormatError);
    await expect(run.latestCheckpoint()).rejects.toThrow('checkpoint-000001.safetensors');
    await run.close();
  });

  test('a kill between checksum and checkpoint of the same epoch loses nothing, twice', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    await run.saveCheckpoint(bytesOf(1), { epoch: 1 });
    const file = join(path, 'checkpoint-000001.safetensors');
    for (const next of [2, 3]) {
      const before = await readFile(file);
      await run.saveCheckpoint(bytesOf(next), { epoch: 1 });
      await writeFile(file, before); // as if the second write had never been
      expect((await run.latestCheckpoint())!.bytes[0]).toBe(1);
    }
    await run.close();
  });

  test('going back to an earlier epoch leaves the later ones behind', async () => {
    const run = await openRunFolder(place(), {});
    for (const epoch of [4, 5, 2]) await run.saveCheckpoint(bytesOf(epoch), { epoch });
    expect((await run.latestCheckpoint())!.epoch).toBe(2);
    await run.close();
  });

  test('opening sweeps what a killed run was writing, and only that', async () => {
    const path = place();
    await (await openRunFolder(path, {})).close();
    const id = '00000000-0000-4000-8000-000000000000';
    // Another one may just be asking for the lock.
    const other = (name: string, digit: number) => `${name}.${String(digit).repeat(8)}${id.slice(8)}.part`;
    const asking: Record<string, string> = {
      [other('run.lock', 1)]: lock({ pid: process.pid }),
      [other('run.lock', 2)]: lock({ pid: 2 ** 22 + 1, host: 'elsewhere' }),
      [other('run.lock.takeover', 1)]: lock({ pid: process.pid }),
    };
    const dead = [other('run.lock', 3), other('run.lock.takeover', 3)];
    for (const name of dead) asking[name] = lock({ pid: 2 ** 22 + 1 });
    await Promise.all(Object.entries(asking).map(([name, text]) => writeFile(join(path, name), text)));
    const cutOff = other('run.lock', 4);
    await writeFile(join(path, cutOff), '');
    await utimes(join(path, cutOff), new Date(0), new Date(0));
    const living = Object.keys(asking).filter((name) => !dead.includes(name));
    const theirs = ['mine.part', `run.lock.${id}.part`, ...living];
    for (const name of [
      `checkpoint-000003.safetensors.${id}.part`,
      'checkpoint-000003.safetensors.sha256',
      ...theirs,
    ]) {
      await writeFile(join(path, name), 'x');
    }
    await (await openRunFolder(path, {})).close();
    expect((await readdir(path)).sort()).toEqual(['config.json', ...theirs].sort());
  });
});

describe('files', () => {
  test('lines after the checkpoint go, and a line that was cut off', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    await run.truncateLines('epochs.jsonl', () => true); // no file yet
    for (let epoch = 1; epoch <= 4; epoch++) await run.appendLine('epochs.jsonl', { epoch, text: 'a\nb ü' });
    const file = join(path, 'epochs.jsonl');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await appendFile(file, 'null\n1\n"x"\n[]\n{"epoch":2'); // no line that appendLine writes
    await run.truncateLines('epochs.jsonl', ({ epoch }) => (epoch as number) <= 2);
    await run.appendLine('epochs.jsonl', { epoch: 3 });
    expect(await readFile(file, 'utf8')).toBe(`${lines[0]}\n${lines[1]}\n{"epoch":3}\n`);
    await expect(
      run.truncateLines('epochs.jsonl', () => {
        throw new RangeError('the caller');
      }),
    ).rejects.toThrow('the caller');
    await run.close();
  });

  test('a new line is not glued to one that a kill cut off', async () => {
    const path = place();
    const file = join(path, 'epochs.jsonl');
    for (const cut of ['{"epoch":2', '{"epoch":2}']) {
      const run = await openRunFolder(path, {});
      await run.truncateLines('epochs.jsonl', () => false);
      await run.appendLine('epochs.jsonl', { epoch: 1 });
      await appendFile(file, cut); // the second one lacks its end only
      await run.close();
      const again = await openRunFolder(path, {});
      const record: Record<string, number> = { epoch: 3 };
      const added = [again.appendLine('epochs.jsonl', record), again.appendLine('epochs.jsonl', { epoch: 4 })];
      record.epoch = 9; // after the call
      await Promise.all(added);
      expect(await readFile(file, 'utf8')).toBe(`{"epoch":1}\n${cut}\n{"epoch":3}\n{"epoch":4}\n`);
      await again.truncateLines('epochs.jsonl', () => true);
      const whole = cut.endsWith('}') ? `${cut}\n` : '';
      expect(await readFile(file, 'utf8')).toBe(`{"epoch":1}\n${whole}{"epoch":3}\n{"epoch":4}\n`);
      await again.close();
    }
  });

  test('JSON and bytes come back; names cannot leave the folder', async () => {
    const path = place();
    const run = await openRunFolder(path, {});
    await run.writeJson('a.json', { x: [1, 'é'] });
    expect(await run.readJson('a.json')).toEqual({ x: [1, 'é'] });
    expect(await run.readJson('b.json')).toBeUndefined();
    await run.writeBytes('b.json', Uint8Array.of(123));
    await expect(run.readJson('b.json')).rejects.toThrow(FormatError);
    for (const name of ['../x', '/tmp/x', 'a/../../x', '']) {
      await expect(run.writeJson(name, 1)).rejects.toThrow('a name below the folder');
      await expect(run.appendLine(name, {})).rejects.toThrow(ArgumentError);
    }
    await run.close();
  });

  test('a folder that cannot be made is one clear error', async () => {
    const path = place();
    await writeFile(path, 'a file');
    const opened = openRunFolder(join(path, 'run'), {});
    await expect(opened).rejects.toThrow(StorageError);
    await expect(opened).rejects.toThrow(/must be below a folder, not below a file, got ENOTDIR/);
  });

  // Root may write everywhere, so that a process without its rights has to try.
  test('a read-only folder is one clear error', async () => {
    const path = place();
    await (await openRunFolder(path, {})).close();
    await chmod(path, 0o555);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) for (const up of ['..', '../..']) await chmod(join(module, up), 0o755);
    const script = `await openRunFolder(${JSON.stringify(path)}, {}).catch((e) => console.log(e.name, e.code, e.message));`;
    const { ended, output } = startScript(module, script, isRoot ? { uid: 65534, gid: 65534, cwd: '/' } : {});
    await ended;
    await chmod(path, 0o755); // or who is not root cannot remove it
    expect(output()).toMatch(
      /^StorageError EACCES openRunFolder: .* must be a place that this user may write, got EACCES/,
    );
  });

  test.skipIf(process.platform === 'win32')('a lock that cannot be written leaves no litter', async () => {
    const path = place();
    await (await openRunFolder(path, {})).close();
    const file = place('script');
    const script = `await openRunFolder(${JSON.stringify(path)}, {}).catch((e) => console.log(e.name, e.code, e.message));`;
    await writeFile(`${file}.mjs`, `import { openRunFolder } from ${JSON.stringify(module)};${script}`);
    const limited = `trap '' XFSZ; ulimit -f 0; exec "${process.execPath}" "${file}.mjs"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', limited], { encoding: 'utf8' });
    expect(stdout, stderr).toMatch(/^StorageError EFBIG openRunFolder: /);
    expect(await readdir(path)).toEqual(['config.json']);
  });

  // A limit on the size of files stands in for a full disk: the write fails in its middle.
  test.skipIf(process.platform === 'win32')('a full disk leaves the checkpoint before, and no litter', async () => {
    const path = place();
    const script = `
      const run = await openRunFolder(${JSON.stringify(path)}, {});
      await run.saveCheckpoint(new Uint8Array(1000), { epoch: 1 });
      await run.saveCheckpoint(new Uint8Array(1e6), { epoch: 2 }).catch((e) => console.log(e.name, e.code, e.message));
      await run.close();`;
    const file = place('script');
    await writeFile(`${file}.mjs`, `import { openRunFolder } from ${JSON.stringify(module)};${script}`);
    const limited = `trap '' XFSZ; ulimit -f 100; exec "${process.execPath}" "${file}.mjs"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', limited], { encoding: 'utf8' });
    expect(stdout, stderr).toMatch(/^StorageError EFBIG writeFileAtomic: .*checkpoint-000002.safetensors must be/);
    const run = await openRunFolder(path, {});
    expect((await readdir(path)).sort()).toEqual([
      'checkpoint-000001.safetensors',
      'checkpoint-000001.safetensors.sha256',
      'config.json',
      'run.lock',
    ]);
    expect((await run.latestCheckpoint())!.epoch).toBe(1);
    await run.close();
  });
});
