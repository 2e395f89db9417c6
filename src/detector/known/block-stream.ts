import { ArgumentError, ShapeError } from '../../core/errors';
import { namingBlock } from '../naming-rows';
import type { OutputSource } from './known-rows';

type Properties = Readonly<Record<PropertyKey, unknown>>;

/** Whether it gives blocks one by one, such as an async generator or a stream of the web. */
export const isStream = (given: unknown): given is AsyncIterable<unknown> =>
  typeof (given as Properties | null | undefined)?.[Symbol.asyncIterator] === 'function';

const isPromise = (given: unknown): boolean => typeof (given as Properties | null | undefined)?.then === 'function';

/** Throws for what is neither an object nor a stream of them, saying what to do with it. */
export function checkKnown(where: string, what: string, given: unknown, expected: string): void {
  if (isPromise(given)) throw new ArgumentError(where, what, `${expected} (await it)`, 'a promise');
  if (typeof given === 'function') {
    throw new ArgumentError(where, what, `${expected}, or an async iterable of such blocks (call it)`, given);
  }
  if (typeof given !== 'object' || given === null) throw new ArgumentError(where, what, expected, given);
  if (isStream(given) || typeof (given as Properties)[Symbol.iterator] !== 'function') return;
  const way = '(of a list of blocks make one: async function* () { yield* list; })';
  const received = Array.isArray(given) ? 'a list' : 'what gives blocks at once';
  throw new ArgumentError(where, what, `${expected}, or an async iterable of such blocks ${way}`, received);
}

/** What is used of a list of labels, or of a tensor of them. */
interface Listed {
  data?: ArrayLike<unknown>;
  dtype?: unknown;
  [index: number]: unknown;
}

/**
 * The block as it came. Throws where its labels are names and nobody said which there are: a class that comes later
 * could stand before those that were fitted already.
 */
export function checkStreamed<T>(where: string, block: T, classNames: readonly string[] | undefined): T {
  if (classNames) return block;
  const labels = (block as { labels?: Listed | null } | null)?.labels;
  const isText = typeof (labels?.data?.[0] ?? labels?.[0]) === 'string' || labels?.dtype === 'string';
  if (!isText) return block;
  const expected = "given with a stream whose labels are names, in the order of the model's outputs";
  throw new ArgumentError(where, 'classNames', expected, 'none');
}

const shown = (shape: readonly number[]): string => `[${['N', ...shape].join(', ')}]`;

/** Throws unless a block has what the first one had, in the same shapes. */
function checkAlike(where: string, block: string, first: OutputSource, { count, labels, shapes }: OutputSource): void {
  for (const name of Object.keys({ ...first.shapes, ...shapes })) {
    const [expected, own] = [first.shapes[name], shapes[name]];
    if (expected && own && expected.length === own.length && expected.every((side, i) => side === own[i])) continue;
    const wanted = expected ? `${shown(expected)}, as in the first block` : 'left out, as in the first block';
    throw new ShapeError(where, `${name} of ${block}`, wanted, own ? [count, ...own] : 'none');
  }
  if ((first.labels === undefined) === (labels === undefined)) return;
  const [expected, received] = labels ? ['left out', `${count} labels`] : ['there', 'none'];
  throw new ShapeError(where, `labels of ${block}`, `${expected}, as in the first block`, received);
}

/**
 * The blocks of a stream as sources, one at a time: of one shape, and all with labels or none. Who gives them may free
 * a block once the next one is asked for.
 *
 * @param sourceOf reads a block
 * @throws ShapeError, ArgumentError naming the block; errors of rows count these over all blocks
 */
export async function* sourcesOf(
  where: string,
  stream: AsyncIterable<unknown>,
  expected: string,
  sourceOf: (block: never) => Promise<OutputSource>,
): AsyncGenerator<OutputSource> {
  let first: OutputSource | undefined;
  let [place, before] = [0, 0];
  for await (const given of stream) {
    const at = { block: `data[${place}]`, before };
    if (isPromise(given)) throw new ArgumentError(where, at.block, `${expected} (await it)`, 'a promise');
    if (typeof given !== 'object' || given === null) throw new ArgumentError(where, at.block, expected, given);
    const source = await namingBlock(sourceOf(given as never), at);
    first ??= source;
    checkAlike(where, at.block, first, source);
    yield { ...source, batchOf: (rows) => namingBlock(source.batchOf(rows), at) };
    place++;
    before += source.count;
  }
}
