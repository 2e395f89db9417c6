import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openRunFolder } from 'tfjs-ood/node';
import { buildNode, startScript } from '../node/built-node';
import { temporaryFolder } from '../node/temporary-folder';

const place = temporaryFolder();
const preload = fileURLToPath(new URL('killed-at.mjs', import.meta.url));
const config = { seed: 1 };

/** Saves checkpoints of epochs 1 and 2, then the last one; the process dies in the call number `at` of the last. */
async function lastOnes(module: string, path: string, epoch: number, at: number) {
  const script = `
    const run = await openRunFolder(${JSON.stringify(path)}, ${JSON.stringify(config)});
    const save = (number, epoch) => run.saveCheckpoint(new Uint8Array(5000).fill(number), { epoch });
    await save(1, 1);
    await save(2, 2);
    globalThis.armed = true;
    await save(9, ${epoch});
    globalThis.armed = false;
    await run.close();`;
  const env = { ...process.env, KILL_AT: String(at), NODE_OPTIONS: `--import ${JSON.stringify(preload)}` };
  const { output, ended } = startScript(module, script, { env });
  const code = await ended;
  if (code !== null) expect(code, output()).toBe(0);
  return { isKilled: code === null, call: output().trim() };
}

test.each([
  ['of a new epoch', { epoch: 3, files: [2, 3] }],
  ['of an epoch that has one', { epoch: 2, files: [1, 2] }],
])(
  'killed in each step of writing a checkpoint %s, there is the new one or the one before',
  { timeout: 300_000 },
  async (_, { epoch, files }) => {
    const module = await buildNode(place('built'));
    const calls: string[] = [];
    const found: number[] = [];
    for (let at = 0; ; at++) {
      const path = place('run');
      const { isKilled, call } = await lastOnes(module, path, epoch, at);
      if (!isKilled) break;
      calls.push(call);
      const run = await openRunFolder(path, config);
      const left = (await readdir(path)).filter((name) => name.startsWith('checkpoint-')).sort();
      expect(left.length, left.join()).toBeLessThanOrEqual(4); // two, each with its checksum
      expect(left.filter((name) => !left.includes(`${name}.sha256`))).toEqual(
        left.filter((name) => name.endsWith('256')),
      );
      const latest = (await run.latestCheckpoint())!;
      expect(latest.damaged, `${call}, call ${at}`).toEqual([]);
      const isNew = latest.bytes[0] === 9;
      found.push(Number(isNew));
      expect(latest.epoch).toBe(isNew ? epoch : 2);
      expect([...new Set(latest.bytes)], `${call}, call ${at}`).toEqual([isNew ? 9 : 2]);
      expect(latest.bytes).toHaveLength(5000);
      await run.saveCheckpoint(new Uint8Array(5000).fill(9), { epoch }); // goes on
      await run.close();
      const names = files.map((file) => `checkpoint-00000${file}.safetensors`);
      const expected = ['config.json', ...names.flatMap((name) => [name, `${name}.sha256`])];
      expect((await readdir(path)).sort(), `${call}, call ${at}`).toEqual(expected.sort());
    }
    // Each of the two files is opened, written, flushed and renamed, and its folder flushed.
    const names = ['open', 'writeFile', 'sync', 'rename'];
    for (const name of names) expect(calls.filter((call) => call === name).length, name).toBeGreaterThanOrEqual(2);
    if (epoch === 3) expect(calls).toContain('rm');
    expect(found).toEqual([...found].sort()); // once there, it stays
    expect(found).toContain(0);
    expect(found).toContain(1);
    console.log(calls.map((call, at) => `${call}${found[at] === 1 ? '*' : ''}`).join(' '));
  },
);
