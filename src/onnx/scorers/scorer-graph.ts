import { ArgumentError } from '../../core/errors';
import type { NamedArray } from '../../core/saved/safetensors';
import type { ScorerState } from '../../scorers/contract/scorer';
import type { OnnxGraph, Value } from '../graph/onnx-graph';

type Named<T extends NamedArray['dtype']> = Extract<NamedArray, { dtype: T }>;

/** A fitted scorer as its graph is made: what it saves, and the rows that come in. */
export interface ScorerParts {
  readonly arrays: {
    F32(name: string): Named<'F32'>;
    F64(name: string): Named<'F64'>;
    I32(name: string): Named<'I32'>;
  };
  readonly options: {
    number(name: string): number;
    /** One of these. */
    text<T extends string>(name: string, known: readonly T[]): T;
    /** Whether the option is saved, which it is with this value alone. */
    is(name: string, value: string): boolean;
  };
  /** Features [N, D] as float64; asked for, they are an input of the graph. */
  features(): Value;
  /** Logits [N, C] as float64. */
  logits(): Value;
  /** C of the logits. */
  classes(): number;
}

/** Adds a scorer to a graph: its score [N, 1], float64. */
export type ScorerGraph = (g: OnnxGraph, parts: ScorerParts) => Value;

/** Rows that come into a graph, and how wide the logits are. */
export type GivenToScorers = Pick<ScorerParts, 'features' | 'logits' | 'classes'>;

/** What tells how a scorer was fitted, or names classes, and is no part of its scores. */
const BESIDE: readonly string[] = ['covariance', 'shrinkage', 'classes', 'labels'];
/** The same of one scorer: the threshold of `react` is what came of its share. */
const BESIDE_OF: Readonly<Record<string, readonly string[]>> = { react: ['percentile'] };

const refuse = (where: string, kind: string, what: string, expected: string, received: unknown): never => {
  throw new ArgumentError(where, `the state of scorer '${kind}': ${what}`, expected, received);
};

/** Throws where a state has a part that its graph does not know: without it the verdicts may be others. */
export function checkStateParts(where: string, kind: string, parts: readonly string[], known: readonly string[]): void {
  const other = parts.find((name) => !known.includes(name));
  if (other === undefined) return;
  refuse(
    where,
    kind,
    'options and arrays',
    `without '${other}', which its graph does not know and which may change scores`,
    `'${other}'`,
  );
}

/**
 * The graph of a scorer, of a state that it gave, by the names of its parts. A state that lacks a part is of another
 * version, and so is one with a part that the graph did not ask for.
 */
export function graphOfState(
  where: string,
  g: OnnxGraph,
  { kind, options, tensors }: ScorerState,
  graph: ScorerGraph,
  rows: GivenToScorers,
): Value {
  const used = new Set<string>();
  const array = <T extends NamedArray['dtype']>(name: string, dtype: T): Named<T> => {
    used.add(name);
    const found = tensors[name];
    return found?.dtype === dtype
      ? (found as Named<T>)
      : refuse(where, kind, name, `an array of ${dtype}`, found?.dtype);
  };
  const option = (name: string) => {
    used.add(name);
    return options[name];
  };
  const text = <T extends string>(name: string, known: readonly T[]): T => {
    const found = option(name);
    return known.find((own) => own === found) ?? refuse(where, kind, name, `one of ${known.join(', ')}`, found);
  };
  const value = graph(g, {
    ...rows,
    arrays: {
      F32: (name) => array(name, 'F32'),
      F64: (name) => array(name, 'F64'),
      I32: (name) => array(name, 'I32'),
    },
    options: {
      number(name) {
        const found = option(name);
        return typeof found === 'number' ? found : refuse(where, kind, name, 'a number', found);
      },
      text,
      is: (name, own) => option(name) !== undefined && text(name, [own]) === own,
    },
  });
  const known = [...used, ...BESIDE, ...(BESIDE_OF[kind] ?? [])];
  checkStateParts(where, kind, [...Object.keys(options), ...Object.keys(tensors)], known);
  return value;
}
