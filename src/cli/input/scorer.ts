import { InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error';
import type { ScorerMethod } from 'tfjs-ood/scorers';

/** Kinds of scorers that a command line can make; the names are those of the tables in the docs. */
export const SCORERS = [
  'nearest-neighbors',
  'mahalanobis',
  'relative-mahalanobis',
  'class-gaussians',
  'nearest-class-mean',
  'energy',
  'msp',
  'max-logit',
  'entropy',
  'gen',
  'kl-matching',
  'joint-energy',
  'ash',
  'fdbd',
  'nn-guide',
  'odin',
  'react',
  'residual',
  'scale',
  'she',
  'vim',
] as const;

/** Neighbors of few pictures: the default of the library is for many. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { 'nearest-neighbors': { k: 10 } };

/** A known kind; the way out is in the words. */
export function scorerKind(text: string): string {
  if ((SCORERS as readonly string[]).includes(text)) return text;
  throw new InvalidArgumentError(`Expected one of ${SCORERS.join(', ')}.`);
}

/** The method of a kind, with its options: `kl-matching` is `klMatching({})` of tfjs-ood/scorers. */
export async function scorerOf(kind: string, options: Readonly<Record<string, unknown>>): Promise<ScorerMethod> {
  const all = (await import('tfjs-ood/scorers')) as unknown as Record<string, (options: object) => ScorerMethod>;
  const name = kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  try {
    return all[name]!({ ...DEFAULTS[kind], ...options });
  } catch (error) {
    throw new CliError(`--scorer-option: ${(error as Error).message}`);
  }
}
