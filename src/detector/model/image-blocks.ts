import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, NotFiniteError, ShapeError } from '../../core/errors';
import { readUncheckedRows, type Rows } from '../../scorers/contract/rows';
import type { Head, LogitMeaning, LogitsOf } from '../../scorers/contract/scorer';
import type { GivenRows } from '../../scorers/contract/given-rows';
import { checkFits } from './watch-overflow';
import type { RowSource } from '../input/model-rows';

/** Throws unless what a model made of finite images is finite; the error names the caller's row. */
export function checkOutputs(where: string, what: string, { data, shape }: Rows, givenRow: (row: number) => number) {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = Math.floor(at / shape[1]);
  const expected = 'finite numbers (the images are: the model overflows, or divides by 0)';
  throw new NotFiniteError(where, what, expected, `${data[at]} at row ${givenRow(row)}`);
}

/** What a model gave for a block, or as much of it as there is. */
export interface Passed {
  features?: GivenRows;
  logits?: GivenRows;
  /** Which rows [B] (bool) stayed within half precision, where the backend has that. */
  fine?: tf.Tensor1D;
}

/** A model of whatever kind, as a fit and a prediction go through it. */
export interface ImageModel {
  /** What a row of its logits says; undefined where nobody knows. */
  readonly meaning: LogitMeaning | undefined;
  readonly logitsOf?: LogitsOf;
  head(): Promise<Head | undefined>;
  pass(images: tf.Tensor): Passed | Promise<Passed>;
  /** The same where a pass has to wait for numbers in between. */
  passAsync?(images: tf.Tensor): Promise<Passed>;
}

/** What a block needs to know of who asks. */
export interface BlockPass {
  where: string;
  model: ImageModel;
  images: RowSource;
  /** Parts that the method needs. */
  needs: readonly string[];
}

/**
 * What the model makes of these rows, as numbers: logits where there are some, and of features and images what the
 * method needs. `dispose` frees the images.
 *
 * @throws ArgumentError where the model gives none of what the method needs; ShapeError for another number of rows
 */
export async function outputsOf({ where, model, images, needs }: BlockPass, rows: Int32Array) {
  const givenRow = (row: number) => rows[row]!;
  const block = await images.block(rows);
  try {
    const { features, logits, fine } = await (model.passAsync ?? model.pass)(block);
    try {
      if (fine) checkFits(where, await fine.data(), givenRow);
      const given = { ...(logits && { logits }), ...(features && { features }) };
      const read = async (what: 'features' | 'logits') => {
        const numbers = await readUncheckedRows(where, what, given);
        if (numbers.shape[0] !== rows.length) {
          throw new ShapeError(where, `${what} of the images`, `[${rows.length}, ...], a row for each`, numbers.shape);
        }
        checkOutputs(where, `${what} of the images`, numbers, givenRow);
        return { [what]: numbers };
      };
      const missing = (['features', 'logits'] as const).find((what) => needs.includes(what) && !given[what]);
      if (missing) throw new ArgumentError(where, 'model', `one that gives ${missing}, which the scorer needs`, given);
      const batch: { logits?: Rows; features?: Rows; images?: tf.Tensor4D } = {
        ...(logits && (await read('logits'))),
        ...(needs.includes('features') && (await read('features'))),
        ...(needs.includes('images') && { images: block as tf.Tensor4D }),
      };
      return { batch, dispose: () => block.dispose() };
    } finally {
      for (const own of [features, logits, fine]) if (own instanceof tf.Tensor && own !== block) own.dispose();
    }
  } catch (error) {
    block.dispose();
    throw error;
  }
}
