import { isDeepStrictEqual } from 'node:util';
import { ArgumentError, FormatError } from '../../core/errors';
import { readWholeFile } from '../read-regular-file';
import { writeFileAtomic } from '../write-file-atomic';
import { isRecord, MOST_LEVELS, parseJson } from '../../core/saved/json';

type Config = Record<string, unknown>;

/** Nested numbers by their path: `{ a: { b: 1 } }` -> `a.b`. */
function flatten(value: Config, path = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    if (isRecord(inner) && Object.keys(inner).length > 0)
      flatten(inner, `${path}${key}.`).forEach((v, k) => flat.set(k, v));
    else flat.set(path + key, inner);
  }
  return flat;
}

/** Writes the configuration of a run, or compares it with the one that is there; the order of keys does not matter. */
export async function checkRunConfig(file: string, folder: string, config: Config): Promise<void> {
  const where = 'openRunFolder';
  const text = await readWholeFile(where, file).then(String, (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  const wanted = `${JSON.stringify(config, null, 2)}\n`;
  let own: unknown;
  try {
    own = parseJson(wanted); // before it is written: what is too deep could not be read again
  } catch (error) {
    throw new ArgumentError(where, 'config', `JSON of at most ${MOST_LEVELS} levels`, (error as Error).message);
  }
  if (text === undefined) return writeFileAtomic(file, wanted);
  let there: unknown;
  try {
    there = parseJson(text);
  } catch {
    // Not ours: ours are written whole or not at all, and are not as deep.
  }
  if (!isRecord(there)) {
    throw new FormatError(where, file, `a JSON object of at most ${MOST_LEVELS} levels`, JSON.stringify(text.slice(0, 40)), 0);
  }
  const [before, now] = [flatten(there), flatten(own as Config)];
  const show = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));
  const differing = [...new Set([...before.keys(), ...now.keys()])]
    .filter((key) => !isDeepStrictEqual(before.get(key), now.get(key)))
    .map((key) => `${key} ${show(now.get(key))} (there: ${show(before.get(key))})`);
  if (differing.length === 0) return;
  const received = `${differing.join(', ')}; take another folder, or the same numbers`;
  throw new ArgumentError(where, folder, 'a folder of the same run', received);
}
