import { FormatError } from '../../core/errors';

/** Most bytes of all images of a set: a list, or links, can name one image any number of times. */
const MOST_BYTES = 2 ** 32;

/**
 * Throws unless the images of a list or folder are small enough together, before there is an array for them.
 *
 * @throws FormatError
 */
export function checkImageBytes(
  where: string,
  list: string,
  [count, height, width]: readonly [number, number, number],
  otherwise: string,
  channels = 3,
): void {
  if (count * height * width * channels <= MOST_BYTES) return;
  const expected = `images of at most ${MOST_BYTES} bytes (${otherwise})`;
  throw new FormatError(where, list, expected, `${count} of [${height}, ${width}, ${channels}]`);
}
