import { gunzip, inflate } from 'node:zlib';
import { InflateLimitError, type Inflate } from '../datasets/inflate';

/** node:zlib with a limit: two to four times as fast as `DecompressionStream`. */
export const nodeInflate: Inflate = (bytes, format, limit) =>
  new Promise((resolve, reject) => {
    const run = format === 'zlib' ? inflate : gunzip;
    run(bytes, { maxOutputLength: Math.max(1, limit) }, (error, result) => {
      if (!error) resolve(new Uint8Array(result.buffer, result.byteOffset, result.length));
      else if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') reject(error);
      else reject(new InflateLimitError(`more than ${limit} bytes`));
    });
  });
