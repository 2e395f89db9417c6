import { OodError } from '../../core/errors';

/**
 * The server or the line does not give the file; `isFinal` where trying again would not mend it.
 *
 * @example
 * const got = download('http://127.0.0.1:9/train.bin', 'data/train.bin', { retries: 0 });
 * await got.catch((error) => error instanceof DownloadError); // true: nobody listens there
 */
export class DownloadError extends OodError {
  override name = 'DownloadError';
  constructor(
    url: string,
    received: string,
    readonly isFinal = false,
    override readonly cause?: unknown,
  ) {
    super('download', url, 'an address that gives the whole file', received);
  }
}
