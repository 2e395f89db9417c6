import { FormatError } from '../../core/errors';
import type { ImageSet } from '../../core/images';
import { checkImageBytes } from './check-image-bytes';
import type { DecodedImage } from './decode-image';

/** Images decoded at the same time: as many threads as Node has for it. */
const CONCURRENCY = 4;

/** Images to be decoded, and how errors name them. */
export interface ManyImages {
  count: number;
  decode(index: number): Promise<DecodedImage>;
  nameOf(index: number): string;
  /** Height and width that all must have; left out: those of the first. */
  size?: readonly [height: number, width: number] | undefined;
  channels?: 1 | 3;
  /** All of them together, and the way out where they are too many bytes. */
  list: string;
  otherwise: string;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Decodes images of one size, the first alone: it may say the size of all. */
export async function decodeAll(
  where: string,
  { count, decode, nameOf, size, channels = 3, list, otherwise, onProgress }: ManyImages,
): Promise<ImageSet> {
  const first = await decode(0);
  const [height, width] = size ?? [first.height, first.width];
  const each = height * width * channels;
  checkImageBytes(where, list, [count, height, width], otherwise, channels);
  const images = new Uint8Array(count * each);
  let [next, done, failed] = [0, 0, false];
  const work = async (): Promise<void> => {
    while (next < count && !failed) {
      const i = next++;
      const image = i === 0 ? first : await decode(i);
      if (image.height !== height || image.width !== width) {
        const expected = `an image of [${height}, ${width}, ${channels}], as the first (or give a size)`;
        throw new FormatError(where, nameOf(i), expected, `[${image.height}, ${image.width}, ${channels}]`, 0);
      }
      images.set(image.data, i * each);
      onProgress?.(++done, count);
    }
  };
  const stopAll = (error: unknown): never => {
    failed = true;
    throw error;
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, () => work().catch(stopAll)));
  return { images, shape: [count, height, width, channels] };
}
