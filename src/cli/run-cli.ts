import { CommanderError } from 'commander';
import { checkFlags } from './check-flags';
import { CliError, EXIT } from './cli-error';
import { programOf } from './program';
import { sessionOf, type Surroundings } from './session';
import { shownError } from './shown-error';

/**
 * Runs a command line.
 *
 * @param args the words after `tfjs-ood`
 * @returns the exit code
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, signal } = surroundings;
  const session = sessionOf(surroundings);
  let code: number = EXIT.ok;
  const program = programOf(surroundings, async (work) => {
    code = await work(session, { command: `tfjs-ood ${args[0]}`, args });
  });
  const { warn } = console;
  console.warn = (...words: unknown[]) => session.say(words.map(String).join(' '));
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.wrongUsage;
    }
    checkFlags(program, args);
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // What was asked for (help, version) is no mistake, and has no exit code.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUsage;
    if (signal.aborted) {
      session.say(`\nStopped: ${session.progress.where()}. ${session.goOn}`);
      return EXIT.stopped;
    }
    session.say(`tfjs-ood: ${shownError(error, env)}`);
    return error instanceof CliError ? error.exitCode : EXIT.wrongInput;
  } finally {
    session.progress.clear();
    console.warn = warn;
  }
}
