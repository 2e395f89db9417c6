import { ArgumentError, ShapeError } from '../../core/errors';
import { nextTask } from '../../core/next-task';
import type { ModelInputs } from '../input/inputs-source';
import { kindOfRows, rowSource, type RowKind } from '../input/model-rows';
import { outputsOf, type ImageModel, type ModelImages } from '../model/image-blocks';
import { checkInputShape, type InputShape } from '../model/model-shapes';
import { checkKnown } from './block-stream';
import { readKnownLabels, type KnownLabels } from './known-labels';
import type { OutputSource } from './known-rows';

/**
 * Known images, or rows of another kind (`inputs`), and their class indices or names [N] where the scorer needs them.
 */
export type KnownImages =
  | { images: ModelImages; inputs?: undefined; labels?: KnownLabels }
  | { inputs: ModelInputs; images?: undefined; labels?: KnownLabels };

export const KNOWN = '{ images, labels }';

/** A model as known images go through it. */
export interface KnownPass {
  model: object;
  reader: ImageModel;
  inputShape: InputShape;
  needs: readonly string[];
  blockSize: number;
  classNames: readonly string[] | undefined;
  checkBackend(): void;
}

/** Of the first images that came: what they are, and the shape of one. */
export interface FirstImages {
  kind: RowKind;
  shape: readonly number[];
}

/** Reads known images, which then go through the model part by part. */
export function knownImages(where: string, { model, reader, inputShape, needs, ...pass }: KnownPass) {
  let first: FirstImages | undefined;
  return {
    first: (): FirstImages => first!,
    async sourceOf(data: KnownImages): Promise<OutputSource> {
      checkKnown(where, 'data', data, KNOWN);
      const kind = kindOfRows(where, data);
      if (!('images' in data) && kind === 'images') {
        const expected = 'given, or inputs where they are no images';
        throw new ArgumentError(where, 'images', expected, data);
      }
      const images = rowSource(where, data, model, inputShape);
      checkInputShape(where, inputShape, images.shape, kind);
      const shape = images.shape.slice(1);
      const count = images.shape[0]!;
      const { classNames } = pass;
      const read = data.labels === undefined ? undefined : await readKnownLabels(where, data.labels, { classNames });
      if (read && read.labels.length !== count) {
        throw new ShapeError(where, 'labels', `${count} labels, one for each image`, read.labels.length);
      }
      pass.checkBackend();
      await images.check(pass.blockSize, pass.checkBackend);
      first ??= { kind, shape };
      return {
        count,
        labels: read?.labels,
        names: read?.names,
        shapes: { [kind]: shape },
        async batchOf(rows) {
          await nextTask();
          pass.checkBackend();
          return outputsOf({ where, model: reader, images, needs }, rows);
        },
      };
    },
  };
}
