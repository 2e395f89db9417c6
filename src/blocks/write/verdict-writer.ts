import { ArgumentError } from '../../core/errors';
import type { BlockIds } from '../stream/block';
import { shownColumns, verdictColumns, type VerdictRow, type WrittenColumn } from './verdict-rows';

/** Writes verdicts as they come. */
export interface VerdictWriter {
  /**
   * Writes some rows, and waits until the sink has taken them.
   *
   * @throws ShapeError for unequal numbers; ArgumentError for other columns than in the first call, or after the end
   */
  add(ids: BlockIds, verdicts: readonly VerdictRow[] | Float32Array): Promise<void>;
  /** Ends the file: it is whole. */
  close(): Promise<void>;
  /** Gives the file up. */
  abort(reason?: unknown): Promise<void>;
}

/** How a format is written. */
export interface Encoding {
  /** The bytes of some rows; those of the first ones begin the file. */
  rows(columns: readonly WrittenColumn[]): Promise<Uint8Array>;
  /** What ends the file. */
  end(): Promise<Uint8Array>;
}

/** A writer of a format to a stream of bytes. */
export function verdictWriter(where: string, sink: unknown, encoding: Encoding): VerdictWriter {
  if (typeof (sink as Partial<WritableStream> | null | undefined)?.getWriter !== 'function') {
    const expected = 'a WritableStream of bytes (fileSink of tfjs-ood/node makes one of a file)';
    throw new ArgumentError(where, 'sink', expected, sink);
  }
  const stream = (sink as WritableStream<Uint8Array>).getWriter();
  let first: string | undefined;
  let state = 'open';
  /** Calls that were not awaited are done one after the other. */
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  const checkOpen = () => {
    if (state !== 'open') throw new ArgumentError(where, 'writer', 'open', `one that was ${state}`);
  };
  const write = async (bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    await stream.ready;
    await stream.write(bytes);
  };
  return {
    add: (ids, verdicts) =>
      inTurn(async () => {
        checkOpen();
        const columns = verdictColumns(`${where}.add`, ids, verdicts);
        if (ids.length === 0) return;
        const own = shownColumns(columns);
        first ??= own;
        if (own !== first)
          throw new ArgumentError(`${where}.add`, 'verdicts', `rows of ${first}, as in the first call`, own);
        await write(await encoding.rows(columns));
      }),
    close: () =>
      inTurn(async () => {
        checkOpen();
        state = 'closed';
        await write(await encoding.end());
        await stream.close();
      }),
    abort: (reason) =>
      inTurn(async () => {
        if (state !== 'open') return;
        state = 'given up';
        await stream.abort(reason);
      }),
  };
}
