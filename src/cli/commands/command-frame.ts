import type { Command } from 'commander';
import type { Session } from '../session';

/** What a command is told about itself: its name, and the words after `tfjs-ood`. */
export interface Called {
  readonly command: string;
  readonly args: readonly string[];
}

/** Adds a command to the program. What it does comes back as an exit code. */
export type AddCommand = (program: Command, run: RunCommand) => void;

/** Runs what a command does, within a session. */
export type RunCommand = (work: (session: Session, called: Called) => Promise<number>) => Promise<void>;

/** What stands below the options: an example, and what the command is in code. */
export const helpAfter = (example: string, functions: string): string =>
  `\nExample:\n  npx tfjs-ood ${example}\n\nIn code: ${functions}`;
