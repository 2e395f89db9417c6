import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CliError } from '../cli-error';

type Found = Awaited<ReturnType<typeof stat>>;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** What stands where there should be something else. */
function kindOf(found: Found): string {
  if (found.isDirectory()) return 'a folder';
  return found.isFile() ? 'a file' : 'neither file nor folder (a pipe or a device)';
}

async function look(option: string, path: string, wanted: string): Promise<Found> {
  try {
    return await stat(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM') throw new CliError(`${option}: no permission to look at ${path}`);
    if (code === 'ENOTDIR') throw new CliError(`${option}: a part of ${path} is a file, and no folder`);
    if (code !== 'ENOENT') throw new CliError(`${option}: ${path} cannot be read (${code})`);
    const place = resolve(path) === path ? '' : ` (looked for ${resolve(path)})`;
    throw new CliError(`${option}: there is no ${wanted} ${path}${place}`);
  }
}

async function allow(option: string, path: string, mode: number, what: string): Promise<void> {
  try {
    await access(path, mode);
  } catch {
    throw new CliError(`${option}: no permission to ${what} ${path}`);
  }
}

/** Throws unless there is a folder that can be read. `option` is how it was given. */
export async function checkFolder(option: string, path: string): Promise<void> {
  const found = await look(option, path, 'folder');
  if (!found.isDirectory()) throw new CliError(`${option}: must be a folder, and ${path} is ${kindOf(found)}`);
  await allow(option, path, constants.R_OK | constants.X_OK, 'read the folder');
}

/** Throws unless there is a file that can be read. */
export async function checkFile(option: string, path: string): Promise<void> {
  const found = await look(option, path, 'file');
  if (!found.isFile()) throw new CliError(`${option}: must be a file, and ${path} is ${kindOf(found)}`);
  await allow(option, path, constants.R_OK, 'read the file');
}

/** Which of both is there, and can be read. */
export async function fileOrFolder(option: string, path: string): Promise<'file' | 'folder'> {
  if ((await look(option, path, 'file or folder')).isDirectory()) {
    await checkFolder(option, path);
    return 'folder';
  }
  await checkFile(option, path);
  return 'file';
}

/** Throws, before any work, where a file could not be written. */
export async function checkTarget(option: string, path: string): Promise<void> {
  const folder = dirname(path);
  const found = await look(option, folder, 'folder');
  if (!found.isDirectory()) throw new CliError(`${option}: ${folder} must be a folder, and is ${kindOf(found)}`);
  await allow(option, folder, constants.W_OK, 'write into');
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) throw new CliError(`${option}: must be a file, and ${path} is ${kindOf(there)}`);
}

/** Throws, before any work, where a folder could not be made or written into. */
export async function checkTargetFolder(option: string, path: string): Promise<void> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await stat(at).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' && dirname(at) !== at) return undefined;
      throw new CliError(`${option}: ${path} cannot be made (${codeOf(error)})`);
    });
    if (!found) continue;
    if (!found.isDirectory()) throw new CliError(`${option}: must be a folder, and ${at} is ${kindOf(found)}`);
    return allow(option, at, constants.W_OK, 'write into');
  }
}
