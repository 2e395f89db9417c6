import { Option } from 'commander';

/** An option whose default is said in words, as the code that takes it chooses. */
export function describedOption(
  flags: string,
  description: string,
  how: { default?: string; choices?: readonly string[]; parse?: (text: string) => unknown },
): Option {
  const option = new Option(flags, description);
  if (how.choices) option.choices([...how.choices]);
  if (how.parse) option.argParser(how.parse);
  return how.default === undefined ? option : option.default(undefined, how.default);
}
