import { CliError } from './cli-error';

/** What the library calls an argument, and by which option it was given. */
const OPTIONS: Readonly<Record<string, string>> = {
  scorer: '--scorer',
  alpha: '--alpha',
  cutPoint: '--alpha',
  confidence: '--confidence',
  calibration: '--calibration',
  calibrationShare: '--calibration-share',
  acceptNoAlarm: '--accept-no-alarm',
  classNames: '--classes',
  labels: '--known (its class folders)',
  features: '--features',
  logits: '--logits',
  output: '--output',
  pool: '--pool',
  input: '--input',
  only: '--only',
  model: '--model',
  detector: '--detector',
  prefix: '--prefix',
  seed: '--seed',
};

interface Details {
  readonly where: string;
  readonly what: string;
  readonly expected: string;
  readonly received: string;
}

/** Of an error of the library its parts; by their names, as nothing is loaded for this. */
const detailsOf = (error: unknown): Details | undefined => (error as { details?: Details } | undefined)?.details;

/** Names of the library within a sentence, and what they are here; single words may be prose. */
const WORDS: Readonly<Record<string, string>> = {
  '{ acceptNoAlarm: true }': '--accept-no-alarm of fit',
  'names of classNames': 'names of --classes',
  classNames: '--classes',
  calibrationShare: '--calibration-share',
};

const inWords = (text: string): string =>
  Object.entries(WORDS).reduce((all, [name, own]) => all.replaceAll(name, own), text);

/** What a person reads of an error: no stack, and options by their own names. */
export function shownError(error: unknown, env: Readonly<Record<string, string | undefined>>): string {
  if (env.TFJS_OOD_DEBUG && error instanceof Error) return error.stack ?? error.message;
  if (error instanceof CliError) return error.message;
  const details = detailsOf(error);
  if (details) {
    const { where, what, expected, received } = details;
    const root = /^\w+/.exec(what)?.[0] ?? '';
    const option = Object.hasOwn(OPTIONS, root) ? OPTIONS[root]! : undefined;
    if (option === undefined) return (error as Error).message;
    const rest = what.slice(root.length);
    return `${option}${rest && ` ${rest}`}: must be ${inWords(expected)}, got ${received} (${where})`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const isSystem = typeof (error as NodeJS.ErrnoException | undefined)?.syscall === 'string';
  return isSystem ? message : `${message}\n(not foreseen: with TFJS_OOD_DEBUG=1 it says where it happened)`;
}
