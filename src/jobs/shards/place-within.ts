import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { textOf, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { makeFolder } from '../../node/make-folder';
import { asStorageError } from '../../node/storage-error';

/** The longest name; file systems have 255 bytes a part. */
const MOST_LETTERS = 1000;

/** Parts with `/` between, of which none is empty, `.` or `..`; no control character, no backslash, no drive. */
const isPlain = (name: string): boolean =>
  name.length <= MOST_LETTERS &&
  // eslint-disable-next-line no-control-regex
  !/[\u0000-\u001f\u007f\\:]/.test(name) &&
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** A rule for names of files below a folder, and for keys of a store. */
export const PLAIN_NAME: Rule = {
  expected: `a relative name of at most ${MOST_LETTERS} letters, without .. and \\`,
  holds: (value: unknown) => typeof value === 'string' && isPlain(value),
};

/** A rule for what a run is called: it begins keys and ids of jobs. */
export const RUN_NAME: Rule = textOf(
  'a name of at most 100 letters, digits, -, _ and ., that begins with a letter or digit',
  /^[A-Za-z0-9](?:[\w-]|\.(?!\.)){0,99}$/,
);

/**
 * The real path of a file below a folder.
 *
 * @throws ArgumentError where a link leads out of the folder; the system's error where there is no such file
 */
export async function placeWithin(where: string, what: string, folder: string, name: string): Promise<string> {
  if (!PLAIN_NAME.holds(name as unknown as number)) throw new ArgumentError(where, what, PLAIN_NAME.expected, name);
  const home = await realpath(folder);
  const place = await realpath(join(home, name));
  if (isBelow(home, place)) return place;
  throw new ArgumentError(where, what, INSIDE, name);
}

/**
 * The real path for a file below a folder; folders on the way are made.
 *
 * @throws as {@link placeWithin}, StorageError
 */
export async function newPlaceWithin(where: string, what: string, folder: string, name: string): Promise<string> {
  if (!PLAIN_NAME.holds(name as unknown as number)) throw new ArgumentError(where, what, PLAIN_NAME.expected, name);
  const parts = name.split('/');
  const last = parts.pop()!;
  try {
    await makeFolder(folder);
    const home = await realpath(folder);
    let at = home;
    for (const part of parts) {
      await makeFolder(join(at, part));
      at = await realpath(join(at, part)); // step by step: none is made behind a link
      if (!isBelow(home, at)) throw new ArgumentError(where, what, INSIDE, name);
    }
    return join(at, last);
  } catch (error) {
    throw asStorageError(where, folder, error);
  }
}

const INSIDE = 'below its folder, without a link that leads out of it';

const isBelow = (home: string, place: string): boolean => place.startsWith(home.endsWith(sep) ? home : home + sep);
