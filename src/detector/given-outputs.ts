import { ArgumentError, ShapeError } from '../core/errors';
import { rowsWithShape, type GivenRows } from '../scorers/contract/given-rows';
import type { ModelOutputs, Need } from '../scorers/contract/scorer';
import type { Embeddings } from '../tensors/embeddings';

/** How many numbers a row had at the fit: C of logits, D of the features where the scorer needs them. */
export type OutputWidths = Readonly<{ features?: number; logits?: number }>;

/** What a model in any runtime gave: rows as {@link GivenRows}, or as lists of numbers. */
export interface GivenOutputs {
  /** [N, D] */
  features?: GivenRows | readonly ArrayLike<number>[];
  /** [N, C] */
  logits?: GivenRows | readonly ArrayLike<number>[];
}

interface Read {
  features?: Embeddings;
  logits?: Embeddings;
}

const NAMES = ['features', 'logits', 'images'] as const;

/** By its type, or its names, as an error says it. */
function kindOf(given: unknown): string {
  if (given === null || typeof given !== 'object') return given === null ? 'null' : typeof given;
  if (typeof (given as { then?: unknown }).then === 'function') return 'a promise (await it)';
  const tag = Object.prototype.toString.call(given).slice('[object '.length, -1);
  return tag === 'Object' ? `{ ${Object.keys(given).join(', ')} }` : tag;
}

/** A list of rows as one array. */
function fromLists(where: string, name: string, rows: readonly unknown[]): Embeddings {
  // Of holes too: `map` leaves them out, and a row that is missing would be one of zeros.
  const lists = Array.from(rows, (row) =>
    ArrayBuffer.isView(row) || Array.isArray(row) ? (row as ArrayLike<unknown>) : [],
  );
  const size = lists[0]?.length ?? 0;
  const data = new Float32Array(lists.length * size);
  lists.forEach((row, i) => {
    if (row.length !== size || size === 0) {
      const received = row.length === 0 ? kindOf(rows[i]) : `${row.length} at row ${i}`;
      throw new ShapeError(where, name, `rows of ${size || 'at least one'} numbers each`, received);
    }
    for (let at = 0; at < size; at++) data[i * size + at] = numberAt(where, name, row, at);
  });
  return { data, shape: [lists.length, size] };
}

function numberAt(where: string, name: string, numbers: ArrayLike<unknown>, at: number): number {
  const value = numbers[at];
  if (typeof value === 'number') return value;
  throw new ArgumentError(where, name, 'numbers', `${typeof value} ${String(value)}`);
}

/** One part of the outputs as a tensor, or as float32 with its shape. */
function readPart(where: string, name: 'features' | 'logits', given: unknown): Embeddings {
  if (Array.isArray(given)) return fromLists(where, name, given);
  const { data, shape, dims } = (given ?? {}) as Record<string, unknown>;
  if (!Array.isArray(shape ?? dims)) {
    const expected = 'a tensor or { data, shape: [N, D] } (leave it out where there is none)';
    throw new ShapeError(where, name, expected, kindOf(given));
  }
  const rows = rowsWithShape(where, name, given);
  if (typeof data === 'function' || rows.data instanceof Float32Array) return rows;
  const list = Array.isArray(data) ? (data as unknown[]) : [];
  const odd = list.findIndex((value) => typeof value !== 'number');
  const half = data instanceof Uint16Array ? ' (16 bits may be half precision: let the model give float32)' : '';
  const received = odd < 0 ? kindOf(data) : `${kindOf(list[odd])} at index ${odd}`;
  throw new ArgumentError(where, `${name}.data`, `a Float32Array, or numbers${half}`, received);
}

/**
 * The outputs with their rows as tensors, or as float32 with a shape, whatever they came as.
 *
 * @throws ArgumentError, ShapeError naming the type of what is no rows
 */
export function readOutputs<T extends GivenOutputs>(where: string, outputs: T): Omit<T, 'features' | 'logits'> & Read {
  if (typeof outputs !== 'object' || (outputs as object | null) === null) {
    throw new ArgumentError(where, 'outputs', 'an object { features, logits }', kindOf(outputs));
  }
  const { features, logits, ...others } = outputs;
  return {
    ...others,
    ...(features !== undefined && { features: readPart(where, 'features', features) }),
    ...(logits !== undefined && { logits: readPart(where, 'logits', logits) }),
  };
}

/** Numbers of rows and columns of what is there. */
function shapesOf(outputs: Partial<ModelOutputs>): Partial<Record<Need, readonly number[]>> {
  const given = NAMES.map((name) => [name, (outputs[name] as { shape: number[] } | undefined)?.shape] as const);
  return Object.fromEntries(given.filter(([, shape]) => shape !== undefined));
}

/** N of outputs that fit each other; 0 where there are none. */
export const countOfOutputs = (outputs: Partial<ModelOutputs>): number => Object.values(shapesOf(outputs))[0]?.[0] ?? 0;

/** Widths that count later: of the logits, which name the class, and of the features where the scorer needs them. */
export function widthsOf(outputs: Partial<ModelOutputs>, needs: readonly string[]): OutputWidths {
  const { features, logits } = shapesOf(outputs);
  return {
    ...(features?.[1] !== undefined && needs.includes('features') && { features: features[1] }),
    ...(logits?.[1] !== undefined && { logits: logits[1] }),
  };
}

/**
 * Throws unless the parts of the outputs have equal numbers of rows, as wide as at the fit: a softmax over other
 * classes has scores that the calibration says nothing of.
 */
export function checkGivenOutputs(where: string, outputs: Partial<ModelOutputs>, widths: OutputWidths): void {
  const given = Object.entries(shapesOf(outputs)) as [Need, readonly number[]][];
  const [first, ...others] = given;
  const other = others.find(([, shape]) => shape[0] !== first![1][0]);
  if (other) {
    throw new ShapeError(where, other[0], `${first![1][0]} rows, as the ${first![0]}`, other[1][0]);
  }
  for (const [name, shape] of given) {
    const width = widths[name as keyof OutputWidths];
    if (width === undefined || shape[1] === width) continue;
    throw new ShapeError(where, name, `[N, ${width}], as at the fit`, shape);
  }
}
