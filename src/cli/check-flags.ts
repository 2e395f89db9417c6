import type { Command } from 'commander';

/** Commander has it, and says the nearest name; its types leave it out. */
type Complaining = Command & { unknownOption(flag: string): never };

/**
 * Throws for the first option that a command does not have, before commander complains of those that are missing: a
 * mistyped one is both.
 */
export function checkFlags(program: Command, [name, ...rest]: readonly string[]): void {
  const command = program.commands.find((one) => one.name() === name || one.aliases().includes(name!));
  if (!command || command.name() === 'experiment' || command.name() === 'help') return;
  for (let i = 0; i < rest.length && rest[i] !== '--'; i++) {
    const arg = rest[i]!;
    if (!arg.startsWith('--')) continue;
    const [flag, value] = arg.split(/=(.*)/s) as [string, string?];
    if (flag === '--help') return;
    const option = command.options.find(({ long }) => long === flag);
    if (!option) (command as Complaining).unknownOption(flag);
    if (option?.required && value === undefined) i++; // the next one is its value, whatever it begins with
  }
}
