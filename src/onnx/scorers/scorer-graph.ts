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
  };
  readonly options: {
    number(name: string): number;
    text(name: string): string;
  };
  readonly state: ScorerState;
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

/** A state that a scorer gave, by the names of its parts; one that lacks a part is of another version. */
export function scorerParts(where: string, state: ScorerState, rows: GivenToScorers): ScorerParts {
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new ArgumentError(where, `the state of scorer '${state.kind}': ${what}`, expected, received);
  };
  const array = <T extends NamedArray['dtype']>(name: string, dtype: T): Named<T> => {
    const found = state.tensors[name];
    return found?.dtype === dtype ? (found as Named<T>) : refuse(name, `an array of ${dtype}`, found?.dtype);
  };
  const option = (name: string, type: 'number' | 'string') => {
    const found = state.options[name];
    return typeof found === type ? found : refuse(name, `a ${type}`, found);
  };
  return {
    ...rows,
    state,
    arrays: { F32: (name) => array(name, 'F32'), F64: (name) => array(name, 'F64') },
    options: {
      number: (name) => option(name, 'number') as number,
      text: (name) => option(name, 'string') as string,
    },
  };
}
