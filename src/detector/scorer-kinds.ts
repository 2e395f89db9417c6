import { ArgumentError, FormatError } from '../core/errors';
import { isRecord } from '../core/saved/json';
import { check, FUNCTION, type Rule } from '../core/check';
import { KINDS } from '../scorers/kinds';
import type { ScorerMethod, ScorerState } from '../scorers/contract/scorer';

/** Methods by the `kind` that a saved scorer names. */
export type ScorerMethods = Readonly<Record<string, () => ScorerMethod>>;

/** What a file is loaded with. */
export interface LoadedScorer {
  /** The method that the detector was fitted with, such as `mahalanobis()`; its settings come from the file. */
  scorer?: ScorerMethod | undefined;
  /** Instead of it: methods by kind, such as `scorerMethods`, of which the one is taken that the file names. */
  methods?: ScorerMethods | undefined;
}

export const METHOD: Rule = {
  expected: 'a method such as mahalanobis()',
  holds: (value: unknown) => isRecord(value) && typeof value.restore === 'function',
};
export const METHODS: Rule = { expected: 'methods by kind, such as scorerMethods', holds: isRecord };

const isKind = (kind: unknown): kind is (typeof KINDS)[number] => KINDS.includes(kind as never);

/** `kl-matching` is made by `klMatching`. */
const functionOf = (kind: string) => kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** How a method of this kind is written: `mahalanobis()`; of an ensemble with its members. */
function callOf({ kind, options }: Pick<ScorerState, 'kind' | 'options'>): string {
  if (kind !== 'ensemble') return `${functionOf(kind)}()`;
  const members = Array.isArray(options.members) ? (options.members as unknown[]) : [];
  const calls = members.map((member) =>
    isRecord(member) && isKind(member.kind) ? callOf({ kind: member.kind, options: {} }) : '...',
  );
  return `ensemble([${calls.join(', ')}])`;
}

/**
 * The method of the kind that a file names, of those that are given.
 *
 * @throws ArgumentError for another scorer or none, saying which to import; FormatError for a kind that nobody has
 */
export function methodOf(where: string, state: ScorerState, { scorer, methods }: LoadedScorer): ScorerMethod {
  const { kind } = state;
  if (scorer && methods) {
    throw new ArgumentError(where, 'methods', 'left out, as there is a scorer', methods);
  }
  if (scorer?.kind === kind) return scorer;
  if (methods && Object.hasOwn(methods, kind)) {
    check(where, `methods['${kind}']`, methods[kind], FUNCTION);
    const made = methods[kind]!();
    check(where, `methods['${kind}']()`, made, METHOD);
    return made;
  }
  const known = [...new Set([...(methods ? Object.keys(methods) : KINDS), ...(scorer ? [scorer.kind] : [])])];
  // What an ensemble is made of methods by kind cannot say.
  if (!isKind(kind) || (methods && kind !== 'ensemble')) {
    throw new FormatError(where, 'metadata.kind', `one of ${known.join(', ')}`, kind);
  }
  const call = callOf(state);
  const others = kind === 'ensemble' ? '' : '; or take { methods: scorerMethods } for any kind';
  const names = [...new Set(call.match(/\w+/g))].join(', ');
  const expected = `${call}, as the file is of kind '${kind}' (import { ${names} } from 'tfjs-ood/scorers'${others})`;
  throw new ArgumentError(
    where,
    'scorer',
    expected,
    scorer ? `one of kind '${scorer.kind}'` : methods ? 'methods alone' : 'none',
  );
}
