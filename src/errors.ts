/** What every error of this package says: who complains, about what, what was expected and what came. */
export interface ErrorDetails {
  /** Public function (or `Class.method`) that was called. */
  readonly where: string;
  /** Argument or option that is wrong; for files, the file's name. */
  readonly what: string;
  readonly expected: string;
  readonly received: string;
}

/** Base of all errors that this package throws on purpose; `details` holds the parts of the message. */
export class OodError extends Error {
  override name = 'OodError';
  constructor(readonly details: ErrorDetails) {
    super(`${details.where}: ${details.what} must be ${details.expected}, got ${details.received}`);
  }
}

/** An option or argument has a value outside its range or of the wrong kind. */
export class ArgumentError extends OodError {
  override name = 'ArgumentError';
}

/** An array or tensor has the wrong shape or length. */
export class ShapeError extends OodError {
  override name = 'ShapeError';
}

/** A number is NaN or infinite where only finite ones have a meaning; `received` names its index. */
export class NotFiniteError extends OodError {
  override name = 'NotFiniteError';
}

/**
 * Data that is not what its format says. Of bytes `what` is the file and `offset` the byte at which it shows; of what was
 * decoded already (JSON, named arrays) `what` is the path to the part that is wrong, and there is no offset.
 */
export class FormatError extends OodError {
  override name = 'FormatError';
  constructor(
    details: ErrorDetails,
    readonly offset?: number,
  ) {
    super(offset === undefined ? details : { ...details, received: `${details.received} at byte ${offset}` });
  }
}
