import { stat } from 'node:fs/promises';
import { CliError } from '../cli-error';
import { picturesIn, type PictureFiles } from './pictures';

/** `night=photos/2026`, or a folder alone, which gives the name; a folder may have such a name itself. */
async function namedFolder(text: string): Promise<[name: string | undefined, folder: string]> {
  const [, name, folder] = /^([^/\\=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || folder === undefined || (await stat(text).catch(() => undefined))) return [undefined, text];
  return [name, folder];
}

/** Sets of strange pictures by their names. */
export async function strangeSets(given: readonly string[]): Promise<PictureFiles[]> {
  const sets: PictureFiles[] = [];
  for (const text of given) {
    const [name, folder] = await namedFolder(text);
    const set = await picturesIn('--strange', folder);
    sets.push(name === undefined ? set : { ...set, name });
  }
  const twice = sets.find(({ name }, i) => sets.findIndex((set) => set.name === name) !== i);
  if (twice) throw new CliError(`--strange: two sets are named ${twice.name}; give them names, as night=${twice.name}`);
  return sets;
}
