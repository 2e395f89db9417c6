import { METHODS_BY_KIND } from '../../scorers/methods';
import { ArgumentError } from '../../core/errors';
import { nearestName } from '../../core/nearest-name';
import type { Head, LogitMeaning, ScorerMethod } from '../../scorers/contract/scorer';
import { checkColumns, meaningFor } from '../logit-meaning';
import type { LeftOutScorer } from './comparison';

/** What there is for scorers. */
export interface Offered {
  features: boolean;
  /** Columns of the logits; 0: there are none. */
  columns: number;
  labels: boolean;
  head: Head | undefined;
  meaning: LogitMeaning;
}

const MISSING: Readonly<Record<string, string>> = {
  features: 'it needs features, and the model gives none that could be found (name them by features)',
  logits: 'it needs logits, and the model gives none that could be found',
  labels: 'it needs labels, and none were given',
  head: 'it needs the weights of a last dense layer, and there are none',
  images:
    'it goes through the model again for each image, with its gradients: measure it by itself (fitDetector, evaluate)',
};

/** Why a method cannot be compared; undefined where it can. */
function reasonAgainst(where: string, method: ScorerMethod, offered: Offered, isOwn: boolean): string | undefined {
  const needs = new Set<string>([...method.needs, ...method.fitNeeds]);
  if (needs.has('images') || needs.has('logitsOf')) return MISSING.images;
  const has: Readonly<Record<string, boolean>> = {
    features: offered.features,
    logits: offered.columns > 0,
    labels: offered.labels,
    head: offered.head !== undefined,
  };
  const missing = [...needs].find((need) => !has[need]);
  if (missing !== undefined) return MISSING[missing];
  if (!isOwn && method.takesTags === 'first' && offered.meaning === 'classes') {
    return 'it is for logits that are tags, and here a row of them chooses one class';
  }
  try {
    meaningFor(where, method, offered.meaning);
    if (offered.columns > 0) checkColumns(where, method, offered.meaning, offered.columns);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return `it must be ${error.details.expected}`;
  }
  return undefined;
}

/** The methods by name: every one with its defaults, and the caller's own; of these those that `only` names. */
export function methodsByName(
  where: string,
  own: Readonly<Record<string, ScorerMethod>>,
  only: readonly string[] | undefined,
): Record<string, ScorerMethod> {
  const all: Record<string, ScorerMethod> = {};
  for (const [kind, make] of Object.entries(METHODS_BY_KIND)) all[kind] = own[kind] ?? make();
  Object.assign(all, own);
  if (!only) return all;
  const unknown = only.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) {
    const expected = `names of scorers ('${nearestName(unknown, Object.keys(all))}'?)`;
    throw new ArgumentError(where, 'only', expected, unknown);
  }
  return Object.fromEntries(only.map((name) => [name, all[name]!]));
}

/** Those that can be compared, and the others with their reasons. */
export function allowedScorers(
  where: string,
  methods: Readonly<Record<string, ScorerMethod>>,
  offered: Offered,
  isOwn: (name: string) => boolean,
): { allowed: [name: string, method: ScorerMethod][]; leftOut: LeftOutScorer[] } {
  const allowed: [string, ScorerMethod][] = [];
  const leftOut: LeftOutScorer[] = [];
  for (const [name, method] of Object.entries(methods)) {
    const reason = reasonAgainst(where, method, offered, isOwn(name));
    if (reason === undefined) allowed.push([name, method]);
    else leftOut.push({ name, reason });
  }
  return { allowed, leftOut };
}
