/**
 * Exit codes of the command line. `leftToScript` is none: the process ends by itself, with the code that its script
 * sets.
 */
export const EXIT = { leftToScript: -1, ok: 0, wrongInput: 1, wrongUsage: 2, foundOod: 3, stopped: 130 } as const;

/** What a person gave, and what is wrong with it: a message without a stack. */
export class CliError extends Error {
  override name = 'CliError';
  constructor(
    message: string,
    readonly exitCode: number = EXIT.wrongInput,
  ) {
    super(message);
  }
}
