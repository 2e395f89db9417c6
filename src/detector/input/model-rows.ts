import type { Tensor } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../../core/errors';
import { checkInputShape, type InputShape } from '../model/model-shapes';
import type { ModelImages } from './given-images';
import { imageSource } from './image-source';
import type { InputPlan } from './input-plan';
import { inputsSource, type ModelInputs } from './inputs-source';

/** What goes into a model: images, or rows of another kind. */
export type ModelRows = { images: ModelImages; inputs?: undefined } | { inputs: ModelInputs; images?: undefined };

/** Which of the two. */
export type RowKind = 'images' | 'inputs';

/** The kind of what was given. @throws ArgumentError for both, or none */
export function kindOfRows(where: string, { images, inputs }: { images?: unknown; inputs?: unknown }): RowKind {
  if (images !== undefined && inputs !== undefined) {
    throw new ArgumentError(
      where,
      'inputs',
      'left out beside images (they are what goes into the model instead)',
      'both',
    );
  }
  return inputs === undefined ? 'images' : 'inputs';
}

/** Throws where it is said what becomes of pixels, and there are none. */
export function checkNoInput(where: string, input: unknown): void {
  if (input === undefined) return;
  throw new ArgumentError(where, 'input', 'left out, as inputs go into the model as they are', input);
}

/** Rows of whatever kind, of which parts can be had as tensors [B, ...], as the model takes them. */
export interface RowSource {
  /** [N, ...] of what goes into the model. */
  shape: readonly number[];
  /** Bytes, of which the plan makes what the model takes. */
  isPixels?: boolean;
  /** Rows as a tensor of the caller's. */
  block(rows: Int32Array): Tensor | Promise<Tensor>;
  /** Looks at all of them, so many at a time. @throws naming the row */
  check(blockSize: number): Promise<void>;
  /** The same of the rows of a fit; the plan comes back with what later images must keep to. */
  checkFitted(blockSize: number): Promise<InputPlan>;
}

/** What a model takes. */
export interface RowUse {
  model: object;
  /** Declared, or of the fit. */
  expected: InputShape;
  plan: InputPlan;
  /** Axes of many, where the shape does not say it: what has one less is one row. */
  rank?: number | undefined;
  /** Before each part of the work: a pause, and a look at the backend. */
  ready(): Promise<void>;
}

/** Rows of one kind or the other as a source for this model. @throws ShapeError where they do not fit it */
export async function rowSource(
  where: string,
  given: ModelRows,
  { model, expected, plan, rank = expected?.length, ready }: RowUse,
): Promise<RowSource> {
  if (kindOfRows(where, given) === 'images') {
    return imageSource(where, given.images as ModelImages, { plan, expected, rank, ready });
  }
  const { inputs } = model as { inputs?: readonly { dtype?: string }[] };
  const named = inputs?.length === 1 ? inputs[0]!.dtype : undefined;
  const source = inputsSource(where, given.inputs!, { rank: expected?.length, dtype: named, ready });
  checkInputShape(where, expected, source.shape, 'inputs');
  return {
    ...source,
    async checkFitted(blockSize) {
      await source.check(blockSize);
      return plan;
    },
  };
}
