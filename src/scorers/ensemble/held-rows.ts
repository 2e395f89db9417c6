import { ArgumentError, FormatError, ShapeError } from '../../core/errors';
import type { Pause } from '../../core/pauses';
import type { NamedArray } from '../../core/saved/safetensors';
import { readArrays, writeArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import type { Widths } from '../contract/read-numbers';
import type { Need, ScorerMethod } from '../contract/scorer';
import type { NumberBlock } from '../contract/split-block';
import type { StateArrays } from '../partial/accumulator';
import { STREAMS } from '../partial/id-hash';
import { readIds, type GivenIds, type RowId } from '../partial/row-ids';
import { RowSample } from '../partial/row-sample';
import { mergeSample, sampleState } from '../partial/sampled-rows';

/** Rows that are scored at once. */
const AT_ONCE = 1024;
const NO_LIMIT = 2 ** 31 - 1;

/** Sides of what a row has: D, C, and of an image height, width, channels; 0 for what it has not. */
type Sides = readonly [features: number, logits: number, height: number, width: number, channels: number];

const SAVED = {
  sides: { dtype: 'I32', shape: [5] },
} as const satisfies SavedArrays;

/**
 * Which stream of hashes chooses: of an ensemble in another one it is another, or the rows that the outer one holds out
 * would be all that the inner one asks for.
 */
export function holdOutStream(members: readonly ScorerMethod[]): number {
  const levels = ({ members: inner }: ScorerMethod): number => (inner ? 1 + Math.max(...inner.map(levels)) : 0);
  return STREAMS.ensemble + Math.max(...members.map(levels));
}

/** Rows that are held out of the fits of an ensemble's members, with all that scoring needs of them, by their ids. */
export class HeldRows {
  readonly #needs: readonly Need[];
  readonly #rows: RowSample;
  #sides: Sides | undefined;
  #isNamed: boolean | undefined;
  #seen = 0;

  constructor(needs: readonly Need[], seed: number, stream: number) {
    this.#needs = needs;
    this.#rows = new RowSample(NO_LIMIT, seed, stream);
  }

  get count(): number {
    return this.#rows.count;
  }

  get widths(): Widths {
    const [features, logits] = this.#sides ?? [0, 0];
    return { ...(features > 0 && { features }), ...(logits > 0 && { logits }) };
  }

  /** The ids of a block, or where none have any numbers as they come. @throws ArgumentError, ShapeError */
  idsOf(where: string, given: GivenIds | undefined, count: number): RowId[] {
    const isNamed = given !== undefined;
    if (isNamed !== (this.#isNamed ??= isNamed)) {
      throw new ArgumentError(where, 'ids', 'there for each block, or for none', given ?? 'none');
    }
    const first = this.#seen;
    this.#seen += count;
    return given ? readIds(where, given, count) : Array.from({ length: count }, (_, row) => first + row);
  }

  add({ count, features, logits, images }: NumberBlock, ids: readonly RowId[]): void {
    if (count === 0) return;
    const has = (need: Need) => this.#needs.includes(need);
    const [, height, width, channels] = images?.shape ?? [0, 0, 0, 0];
    const image = has('images') ? ([height, width, channels] as const) : ([0, 0, 0] as const);
    const sides: Sides = [has('features') ? features!.shape[1] : 0, has('logits') ? logits!.shape[1] : 0, ...image];
    this.#checkSides('ensemble', sides);
    this.#sides = sides;
    const parts = this.#partsOf();
    const given = [features?.data, logits?.data, images?.data];
    const all = new Float32Array(count * parts.reduce((sum, part) => sum + part, 0));
    let at = 0;
    for (let row = 0; row < count; row++) {
      parts.forEach((size, part) => {
        if (size > 0) all.set(given[part]!.subarray(row * size, (row + 1) * size), at);
        at += size;
      });
    }
    this.#rows.add(all, at / count, ids);
  }

  /** Blocks of the rows in the order of their hashes, which no split changes. */
  async blocks(pause: Pause): Promise<NumberBlock[]> {
    const { count } = this;
    if (count === 0) return [];
    const rows = this.#rows.rows();
    const parts = this.#partsOf();
    const width = parts.reduce((sum, part) => sum + part, 0);
    const [features, logits, ...image] = this.#sides!;
    const blocks: NumberBlock[] = [];
    for (let from = 0; from < count; from += AT_ONCE) {
      await pause();
      const size = Math.min(AT_ONCE, count - from);
      const [ofFeatures, ofLogits, ofImages] = parts.map((part, i) => {
        const offset = parts.slice(0, i).reduce((sum, one) => sum + one, 0);
        const own = new Float32Array(size * part);
        for (let row = 0; row < size && part > 0; row++) {
          const at = (from + row) * width + offset;
          own.set(rows.subarray(at, at + part), row * part);
        }
        return own;
      });
      blocks.push({
        count: size,
        ...(features > 0 && { features: { data: ofFeatures!, shape: [size, features] } }),
        ...(logits > 0 && { logits: { data: ofLogits!, shape: [size, logits] } }),
        ...(image[0] > 0 && { images: { data: ofImages!, shape: [size, ...image] } }),
      });
    }
    return blocks;
  }

  state(): Record<string, NamedArray> {
    if (!this.#sides) return {};
    return { ...sampleState(this.#rows), ...writeArrays(SAVED, { sides: Int32Array.from(this.#sides) }) };
  }

  /** Adds what `state` gave of others. @throws as {@link mergeSample}; FormatError */
  merge(where: string, { sides: saved, ...rows }: StateArrays): void {
    if (saved === undefined && Object.keys(rows).length === 0) return;
    const { sides } = readArrays(where, { sides: saved }, SAVED, 'state.held');
    const own = [...sides] as readonly number[] as Sides;
    const [features, logits, height, width, channels] = own;
    const isWhole =
      [features, logits].every((side, i) => side > 0 === this.#needs.includes(i === 0 ? 'features' : 'logits')) &&
      [height, width, channels].every((side) => side > 0 === this.#needs.includes('images')) &&
      own.every((side) => side >= 0);
    const size = features + logits + height * width * channels;
    if (!isWhole || rows.rows?.shape[1] !== size) {
      throw new FormatError(where, 'state.held.sides', 'the sides of what is needed of a row', own);
    }
    this.#checkSides(where, own);
    mergeSample(where, this.#rows, rows);
    this.#sides = own;
  }

  #checkSides(where: string, sides: Sides): void {
    const mine = this.#sides ?? sides;
    if (mine.every((side, i) => side === sides[i])) return;
    throw new ShapeError(where, 'rows', `of sides ${mine.join(', ')} (features, logits, images)`, sides);
  }

  /** Numbers of each part of a row. */
  #partsOf(): number[] {
    const [features, logits, height, width, channels] = this.#sides!;
    return [features, logits, height * width * channels];
  }
}
