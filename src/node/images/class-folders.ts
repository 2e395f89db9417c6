import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ArgumentError } from '../../core/errors';

/** Image files by class, those right below the folder, and files of other endings. */
export interface FolderListing {
  classes: { name: string; files: string[] }[];
  flat: string[];
  ignored: string[];
}

const ENDINGS = ['.jpg', '.jpeg', '.png'];

/** Kinds of files that are named, of which there may be many. */
const MOST_KINDS = 5;

/** What a folder without images has in their place: `none (but 3 .ppm, 1 .txt)`. */
export function withoutImages(files: readonly string[]): string {
  if (files.length === 0) return 'none, nor other files';
  const counts = new Map<string, number>();
  for (const file of files) {
    const ending = extname(file) || 'without an ending';
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const all = [...counts].sort((a, b) => b[1] - a[1]);
  const rest = all.slice(MOST_KINDS).reduce((sum, [, count]) => sum + count, 0);
  const said = all.slice(0, MOST_KINDS).map(([ending, count]) => `${count} ${ending}`);
  return `none (but ${[...said, ...(rest > 0 ? [rest === 1 ? '1 other' : `${rest} others`] : [])].join(', ')})`;
}

/** The files right below a folder by their names: images, and others; hidden ones and folders do not count. */
async function filesIn(folder: string): Promise<{ images: string[]; others: string[] }> {
  const [images, others]: [string[], string[]] = [[], []];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || (await isFolder(folder, entry))) continue;
    const isImage = ENDINGS.includes(extname(entry.name).toLowerCase());
    (isImage ? images : others).push(join(folder, entry.name));
  }
  return { images: images.sort(), others };
}

/** A link to a folder too; only what a link leads to has to be asked for. */
async function isFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return (await stat(join(parent, entry.name)).catch(() => undefined))?.isDirectory() ?? false;
}

/** What is in a folder of class folders: classes with images, in the order of their names (2 before 10). */
export async function classesIn(where: string, folder: string): Promise<FolderListing> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw new ArgumentError(where, 'folder', 'a folder that can be read', error.message);
  });
  const byName = new Intl.Collator('en', { numeric: true }).compare;
  const names: string[] = [];
  for (const entry of entries) {
    if (!entry.name.startsWith('.') && (await isFolder(folder, entry))) names.push(entry.name);
  }
  const classes: FolderListing['classes'] = [];
  let ignored: string[] = [];
  for (const name of names.sort(byName)) {
    const { images, others } = await filesIn(join(folder, name));
    if (images.length > 0) classes.push({ name, files: images });
    ignored = [...ignored, ...others];
  }
  const own = await filesIn(folder);
  return { classes, flat: own.images, ignored: [...ignored, ...own.others] };
}
