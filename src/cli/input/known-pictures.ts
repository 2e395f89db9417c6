import type { KnownImages } from 'tfjs-ood/detector';
import { CliError } from '../cli-error';
import type { Session } from '../session';
import { fitsMemory, readAll, readBlocks, type PictureFiles, type PictureSize } from './pictures';

type Blocks = AsyncGenerator<KnownImages>;

async function* labeledBlocks(set: PictureFiles, size: PictureSize, session: Session): Blocks {
  for await (const { images, shape, labels } of readBlocks(set, size, session)) {
    yield { images, shape, ...(labels && { labels }) };
  }
}

/**
 * Known pictures for a fit: all in memory, or, where they are too many, block by block. Of blocks nobody can tell the
 * order of the classes by looking at all of them, so it must be said.
 */
export async function knownPictures(
  set: PictureFiles,
  size: PictureSize,
  classNames: readonly string[] | undefined,
  session: Session,
): Promise<KnownImages | Blocks> {
  if (!fitsMemory(set, size)) {
    if (set.labels && !classNames) {
      const way = "give --classes, in the order of the model's outputs";
      throw new CliError(`${set.option}: holds too many pictures for the memory, and is read in blocks: ${way}`);
    }
    session.say(`${set.option}: ${set.files.length} pictures are read block by block.`);
    return labeledBlocks(set, size, session);
  }
  const { images, shape } = await readAll(set, size, session);
  return { images, shape, ...(set.labels && { labels: [...set.labels] }) };
}
