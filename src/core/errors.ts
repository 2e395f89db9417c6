import { shown } from './shown-value';

/** What every error of this package says: who complains, about what, what was expected and what came. */
export interface ErrorDetails {
  /** Public function (or `Class.method`) that was called. */
  readonly where: string;
  /** Argument or option that is wrong; for files, the file's name. */
  readonly what: string;
  readonly expected: string;
  readonly received: string;
}

/**
 * Base of all errors that this package throws on purpose; `details` holds the parts of the message.
 *
 * @example
 * const asked = async () => energy({ temperature: 0 });
 * await asked().catch((error) => error instanceof OodError && error.message); // 'energy: temperature must be ...'
 */
export class OodError extends Error {
  override name = 'OodError';
  readonly details: ErrorDetails;
  /** The parts in the order of the sentence; what came may be any value, and is written as a reader would write it. */
  constructor(where: string, what: string, expected: string, received: unknown) {
    const got = shown(received);
    super(`${where}: ${what} must be ${expected}, got ${got}`);
    this.details = { where, what, expected, received: got };
  }
}

/**
 * An option or argument has a value outside its range or of the wrong kind.
 *
 * @example
 * const asked = async () => energy({ temperature: 0 });
 * await asked().catch((error) => error instanceof ArgumentError && error.details.received); // '0'
 */
export class ArgumentError extends OodError {
  override name = 'ArgumentError';
}

/**
 * An array or tensor has the wrong shape or length.
 *
 * @example
 * const wrong = msp().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [2, 3] } });
 * await wrong.catch((error) => error instanceof ShapeError); // true: three numbers are not [2, 3]
 */
export class ShapeError extends OodError {
  override name = 'ShapeError';
}

/**
 * A number is NaN or infinite where only finite ones have a meaning; `received` names its index.
 *
 * @example
 * const wrong = msp().score({ logits: { data: Float32Array.of(2, NaN), shape: [1, 2] } });
 * await wrong.catch((error) => error instanceof NotFiniteError); // true
 */
export class NotFiniteError extends OodError {
  override name = 'NotFiniteError';
}

/**
 * Data that is not what its format says. Of bytes `what` is the file and `offset` the byte at which it shows; of what
 * was decoded already (JSON, named arrays) `what` is the path to the part that is wrong, and there is no offset.
 *
 * @example
 * const opened = async () => decodeSafetensors(Uint8Array.of(1, 2, 3), 'detector.safetensors');
 * await opened().catch((error) => error instanceof FormatError && error.details.what); // 'detector.safetensors'
 */
export class FormatError extends OodError {
  override name = 'FormatError';
  constructor(
    where: string,
    what: string,
    expected: string,
    received: unknown,
    readonly offset?: number,
  ) {
    super(where, what, expected, offset === undefined ? received : `${shown(received)} at byte ${offset}`);
  }
}
