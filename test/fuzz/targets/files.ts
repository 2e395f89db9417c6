import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// The process of the fuzz tests is bundled: paths are those of the repository's root, where the tests are started.
const data = '../shared/data';

/** The first bytes of a real file, in a list; none where the data are not there. */
export function startOf(name: string, length: number): Uint8Array[] {
  const file = join(data, name);
  return existsSync(file) ? [new Uint8Array(readFileSync(file)).slice(0, length)] : [];
}

/** A fixture of the tests. */
export const fixture = <T>(name: string): T => JSON.parse(readFileSync(join('test/fixtures', name), 'utf8')) as T;
