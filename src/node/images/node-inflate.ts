import { gunzip, inflate } from 'node:zlib';
import { InflateLimitError, type Inflate } from '../../datasets/inflate';

/**
 * node:zlib with a limit: two to four times as fast as `DecompressionStream`.
 *
 * @throws InflateLimitError where more than `limit` bytes come out; zlib's own error where the block is damaged
 * @example
 * const { images, labels } = await readSvhn(await readFile('train_32x32.mat'), { inflate: nodeInflate });
 */
export const nodeInflate: Inflate = (bytes, format, limit) =>
  new Promise((resolve, reject) => {
    const run = format === 'zlib' ? inflate : gunzip;
    const tooLong = () => reject(new InflateLimitError(`more than ${limit} bytes`));
    // zlib takes no limit of 0.
    run(bytes, { maxOutputLength: Math.max(1, limit) }, (error, result) => {
      if (error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') tooLong();
      else if (error) reject(error);
      else if (result.length > limit) tooLong();
      else resolve(new Uint8Array(result.buffer, result.byteOffset, result.length));
    });
  });
