import { stylesFor, type Styles } from './output/styles';
import { progressOn, type Progress } from './output/progress';

/** Where text goes: a stream of the process, or what a test keeps. */
export interface Sink {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns?: number | undefined;
}

/** What surrounds the command line. */
export interface Surroundings {
  readonly out: Sink;
  readonly err: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a command works with: where its words go, how far it is, and whether it is stopped. */
export interface Session {
  readonly signal: AbortSignal;
  /** For colors of stdout. */
  readonly styles: Styles;
  readonly progress: Progress;
  /** Results, on stdout. */
  print(text: string): void;
  /** What a person should know, on stderr. */
  say(text: string): void;
  /** How to go on after a stop; a command changes it as it comes along. */
  goOn: string;
}

export function sessionOf({ out, err, env, signal }: Surroundings): Session {
  const progress = progressOn(err, () => performance.now());
  return {
    signal,
    styles: stylesFor(out, env),
    progress,
    print(text) {
      progress.clear();
      out.write(`${text}\n`);
    },
    say(text) {
      progress.clear();
      err.write(`${text}\n`);
    },
    goOn: 'Nothing was written; the same command begins anew.',
  };
}
