import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../../core/errors';
import { readRegularFile } from '../read-regular-file';
import { asStorageError, isSystemError } from '../storage-error';
import { writeFileAtomic } from '../write-file-atomic';

/** A checkpoint that is whole. */
export interface Checkpoint {
  bytes: Uint8Array;
  epoch: number;
  /** Names of newer ones that are not whole, and were passed over. */
  damaged: string[];
}

const KEPT = 2;
const NAME = /^checkpoint-(\d+)\.safetensors$/;
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The bytes of a checkpoint that can be read and has a checksum that fits. */
async function wholeBytes(folder: string, name: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readRegularFile(join(folder, name), Infinity);
    const checksums = String(await readRegularFile(join(folder, `${name}.sha256`))).split('\n');
    return checksums.includes(hash(bytes)) ? bytes : undefined;
  } catch (error) {
    // A disk that cannot be read says nothing of the checkpoint, and the next one may be epochs behind.
    if (isSystemError(error) && error.code !== 'ENOENT') throw asStorageError('RunFolder', join(folder, name), error);
    return undefined; // none, or a pipe in its place
  }
}

/** Checkpoints in a folder, newest first. */
async function list(folder: string): Promise<{ name: string; epoch: number }[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name));
  return names.map((name) => ({ name, epoch: Number(NAME.exec(name)![1]) })).sort((a, b) => b.epoch - a.epoch);
}

async function remove(folder: string, name: string): Promise<void> {
  await rm(join(folder, name), { force: true });
  await rm(join(folder, `${name}.sha256`), { force: true });
}

/** Writes a checkpoint whole or not at all; then removes all but the last two, and those of later epochs. */
export async function saveCheckpoint(folder: string, bytes: Uint8Array, epoch: number): Promise<void> {
  const name = `checkpoint-${String(epoch).padStart(6, '0')}.safetensors`;
  const file = join(folder, name);
  // The checksum first: a checkpoint without one is never taken for whole. An older one of the same epoch keeps its
  // checksum beside the new one, as a kill between the two writes leaves it in place.
  const before = await wholeBytes(folder, name);
  await writeFileAtomic(`${file}.sha256`, [bytes, ...(before ? [before] : [])].map(hash).join('\n'));
  await writeFileAtomic(file, bytes);
  const all = await list(folder);
  const earlier = all.filter((checkpoint) => checkpoint.epoch <= epoch);
  for (const old of all.filter((checkpoint) => !earlier.slice(0, KEPT).includes(checkpoint))) {
    await remove(folder, old.name);
  }
}

/** The newest checkpoint that is whole; undefined where there is none at all. */
export async function latestCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const damaged: string[] = [];
  for (const { name, epoch } of await list(folder)) {
    const bytes = await wholeBytes(folder, name);
    if (bytes) return { bytes, epoch, damaged };
    damaged.push(name);
  }
  if (damaged.length === 0) return undefined;
  const expected = 'a folder with a whole checkpoint (remove the damaged ones to begin anew)';
  const received = `checkpoints without their right checksum: ${damaged.join(', ')}`;
  throw new FormatError('RunFolder.latestCheckpoint', folder, expected, received, 0);
}

/**
 * Removes what a kill between two removals leaves: checkpoints older than the last two whole ones, checksums without a
 * checkpoint.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const all = await list(folder);
  let whole = 0;
  for (const { name } of all.length > KEPT ? all : []) {
    if (whole === KEPT) await remove(folder, name);
    else if (await wholeBytes(folder, name)) whole++;
  }
  const names = new Set(await readdir(folder));
  for (const name of names) {
    const checkpoint = name.replace(/\.sha256$/, '');
    if (checkpoint !== name && NAME.test(checkpoint) && !names.has(checkpoint))
      await rm(join(folder, name), { force: true });
  }
}
