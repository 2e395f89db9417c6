import { expect } from 'vitest';
import { ArgumentError } from 'tfjs-ood';

/** A public function with options, and how it is called. */
export interface Row {
  call: (...given: never[]) => unknown;
  /** What stands before the options. */
  before?: readonly unknown[];
  /** Options that must be given. */
  needed?: Readonly<Record<string, unknown>>;
  /** Others without which the call would be wrong here. */
  given?: Readonly<Record<string, unknown>>;
  /** A slip, and the name that it is nearest to; none where there are no options. */
  slip: readonly [wrong: string, near?: string];
  /** What is expected of each option, and values that are not it. */
  rules?: Readonly<Record<string, readonly [expected: string, ...wrong: unknown[]]>>;
  /** What errors call the function, where that is not its name. */
  where?: string;
  /** Right options are tried too. */
  runs?: boolean;
  /** A string is welcome in place of options. */
  isTextFine?: boolean;
}

export type Rows = Readonly<Record<string, Row>>;

/** What a call complains of; undefined where it does not. */
export async function complaint(
  { call, before = [] }: Row,
  options: unknown,
): Promise<ArgumentError['details'] | undefined> {
  try {
    await call(...([...before, options] as never[]));
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as ArgumentError).details;
  }
  return undefined;
}
