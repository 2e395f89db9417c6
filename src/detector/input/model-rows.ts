import { ArgumentError } from '../../core/errors';
import { imageSource, type ImageSource, type ModelImages } from '../model/image-blocks';
import type { InputShape } from '../model/model-shapes';
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

/** Rows of one kind or the other as a source for this model. */
export function rowSource(where: string, given: ModelRows, model: object, shape: InputShape): ImageSource {
  if (kindOfRows(where, given) === 'images') return imageSource(where, given.images as ModelImages);
  const { inputs } = model as { inputs?: readonly { dtype?: string }[] };
  const named = inputs?.length === 1 ? inputs[0]!.dtype : undefined;
  return inputsSource(where, given.inputs!, { rank: shape?.length, dtype: named });
}
