import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ArgumentError } from 'tfjs-ood';

/** Names that are listed; of more the first ones. */
const LISTED = 4;
/** Folders that are looked into. */
const LOOKED_INTO = 20;

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const listed = (names: readonly string[]): string =>
  `${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ', ...' : ''}`;

/** The files by their endings, the most frequent first: `12 .ppm files, 1 .csv file`. */
function filesText(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    const ending = extname(name).toLowerCase();
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const kinds = [...counts].filter(([ending]) => ending !== '').sort((a, b) => b[1] - a[1]);
  const rest = kinds.slice(LISTED).reduce((sum, [, count]) => sum + count, counts.get('') ?? 0);
  return [
    ...kinds.slice(0, LISTED).map(([ending, count]) => plural(count, `${ending} file`)),
    ...(rest > 0 ? [plural(rest, kinds.length > 0 ? 'other file' : 'file')] : []),
  ];
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

async function namesIn(path: string): Promise<{ folders: string[]; files: string[] }> {
  const [folders, files]: [string[], string[]] = [[], []];
  for (const name of (await readdir(path)).filter((name) => !name.startsWith('.')).sort()) {
    ((await isFolder(join(path, name))) ? folders : files).push(name);
  }
  return { folders, files };
}

/** What lies at a path, in words: `2 folders (a, b) with 5 .ppm files`. */
export async function foundAt(path: string): Promise<string> {
  const about = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (about instanceof Error) return about.code === 'ENOENT' ? 'nothing' : about.message;
  if (!about.isDirectory()) return 'a file';
  const { folders, files } = await namesIn(path).catch((error: Error) => ({ folders: [error.message], files: [] }));
  const inside = await Promise.all(
    folders.slice(0, LOOKED_INTO).map((name) => namesIn(join(path, name)).catch(() => ({ files: [] }))),
  );
  const deeper = filesText(inside.flatMap((own) => own.files)).join(', ');
  const more = folders.length > LOOKED_INTO ? ` in the first ${LOOKED_INTO}` : '';
  const parts = [
    ...filesText(files),
    ...(folders.length > 0
      ? [`${plural(folders.length, 'folder')} (${listed(folders)})${deeper && ` with ${deeper}${more}`}`]
      : []),
  ];
  return parts.join(', ') || 'an empty folder';
}

/** An error about what a folder has, or that it is not there; not one about a damaged file. */
const isAboutFolder = (error: unknown): error is ArgumentError | NodeJS.ErrnoException =>
  (error instanceof ArgumentError && /^(one with|a folder|a text file)/.test(error.details.expected)) ||
  (error as NodeJS.ErrnoException).code === 'ENOENT';

/**
 * Reads what an option names: an error about the folder is one about that option, and says what was found there.
 *
 * @param expected what the folder has to have; by default what the reader says
 */
export async function readGiven<T>(
  where: string,
  option: string,
  path: string,
  read: () => Promise<T>,
  expected?: string,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isAboutFolder(error) || (error instanceof ArgumentError && error.details.where === where)) throw error;
    const said = error instanceof ArgumentError ? error.details.expected.replace(/^one with/, 'a folder with') : '';
    throw new ArgumentError(where, option, expected ?? (said || 'a folder'), `${path}: ${await foundAt(path)}`);
  }
}
