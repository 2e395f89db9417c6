import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import * as node from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
let run: node.RunFolder;
beforeAll(async () => void (run = await node.openRunFolder(place(), { seed: 1 })));
afterAll(() => run.close());

describe('a run folder', () => {
  test.each([undefined, 5, NaN, null, 'text', [1], new Date(0), () => 1])('appends no line of %s', async (record) => {
    await expect(run.appendLine('lines.jsonl', record as object)).rejects.toThrow(ArgumentError);
    await expect(run.appendLine('lines.jsonl', record as object)).rejects.toThrow(
      'RunFolder.appendLine: record must be',
    );
    expect(await run.readJson('lines.jsonl')).toBeUndefined();
  });
  test('nor one of a cycle, and writes no JSON of nothing', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    await expect(run.appendLine('lines.jsonl', cycle)).rejects.toThrow('record must be a value that JSON can hold');
    await expect(run.writeJson('value.json', undefined)).rejects.toThrow(
      'RunFolder.writeJson: value must be a value that JSON can hold, got undefined',
    );
    expect(await run.readJson('value.json')).toBeUndefined();
  });
  test('takes names, bytes and functions only', async () => {
    for (const file of [undefined, 5, '', '/etc/passwd', 'a/../../b']) {
      await expect(run.writeJson(file as string, 1)).rejects.toThrow('file must be a name below the folder');
    }
    const text = 'text' as unknown as Uint8Array;
    await expect(run.writeBytes('a', text)).rejects.toThrow('RunFolder.writeBytes: bytes must be a Uint8Array');
    await expect(run.saveCheckpoint(text, { epoch: 1 })).rejects.toThrow('saveCheckpoint: bytes must be a Uint8Array');
    await expect(run.truncateLines('a', 5 as never)).rejects.toThrow('keep must be a function');
  });
  test.each([undefined, null, 5, [1]])('is not opened with %s for a configuration', async (config) => {
    await expect(node.openRunFolder(place(), config as never)).rejects.toThrow(
      'openRunFolder: config must be an object',
    );
  });
});
