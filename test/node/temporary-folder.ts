import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A folder for the tests of a file, removed after them; and a new place in it at every call. */
export function temporaryFolder(): (name?: string) => string {
  let folder = '';
  let count = 0;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tfjs-ood-node-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (name = 'new') => join(folder, `${name}-${count++}`);
}
