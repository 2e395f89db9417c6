import { OodError } from '../../core/errors';
import { StorageError } from '../../node/storage-error';

/** BullMQ knows it by its name: the job waits for others, and is run again when they are done. */
export class WaitForParts extends Error {
  override name = 'WaitingChildrenError';
}

/** BullMQ knows it by its name: the job fails, and is not tried again. */
export class HopelessError extends Error {
  override name = 'UnrecoverableError';
}

/** Whether another try can't end otherwise: it is the data that are wrong, or the options. */
const isHopeless = (error: unknown): boolean => error instanceof OodError && !(error instanceof StorageError);

/** An error as a job fails with it: what the data are to blame for is not tried again. */
export function asJobError(error: unknown, about?: string): unknown {
  if (error instanceof WaitForParts || error instanceof HopelessError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const told = about === undefined ? message : `${about}: ${message}`;
  if (isHopeless(error)) return new HopelessError(told, { cause: error });
  return about === undefined && error instanceof Error ? error : new Error(told, { cause: error });
}
