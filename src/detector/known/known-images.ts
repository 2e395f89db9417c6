import { getBackend } from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../core/errors';
import { nextTask } from '../../core/next-task';
import { defaultBlockSize } from '../input/default-block-size';
import type { ModelImages, ShapedImages } from '../input/given-images';
import { imagesWithLabels } from '../input/images-with-labels';
import type { InputPlan } from '../input/input-plan';
import type { ModelInputs } from '../input/inputs-source';
import { kindOfRows, rowSource, type RowKind } from '../input/model-rows';
import { isConventional, hullOf } from '../input/number-range';
import { outputsOf, type ImageModel } from '../model/image-blocks';
import type { InputShape } from '../model/model-shapes';
import { checkKnown } from './block-stream';
import { readKnownLabels, type KnownLabels } from './known-labels';
import type { OutputSource } from './known-rows';

/**
 * Known images, or rows of another kind (`inputs`), and their class indices or names [N] where the scorer needs them;
 * what a loader returns is one too.
 */
export type KnownImages =
  | { images: ModelImages; inputs?: undefined; labels?: KnownLabels }
  | { inputs: ModelInputs; images?: undefined; labels?: KnownLabels }
  | (ShapedImages & { readonly inputs?: undefined; readonly labels?: KnownLabels });

export const KNOWN = '{ images, labels }';

/** A model as known images go through it. */
export interface KnownPass {
  model: object;
  reader: ImageModel;
  inputShape: InputShape;
  needs: readonly string[];
  plan: InputPlan;
  /** Images at a time; undefined: by their size. */
  blockSize: number | undefined;
  classNames: readonly string[] | undefined;
  checkBackend(): void;
}

/** Of the images that came: what they are, the shape of one, and which numbers later ones may have. */
export interface SeenImages {
  kind: RowKind;
  shape: readonly number[];
  plan: InputPlan;
}

/** The plan after some images, and after more. Of numbers that nobody declared all count. */
function joinedPlan(before: InputPlan | undefined, own: InputPlan): InputPlan {
  const ranges = [before?.range, own.range].filter((range) => range !== undefined);
  return { ...own, range: ranges.length > 0 ? hullOf(ranges) : undefined };
}

/** Reads known images, which then go through the model part by part. */
export function knownImages(where: string, { model, reader, inputShape, needs, plan: asked, ...pass }: KnownPass) {
  let seen: SeenImages | undefined;
  return {
    seen: (): SeenImages => seen!,
    async sourceOf(data: KnownImages): Promise<OutputSource> {
      if (!Array.isArray(data) && !ArrayBuffer.isView(data)) checkKnown(where, 'data', data, KNOWN);
      const kind = kindOfRows(where, data);
      const given = kind === 'images' ? imagesWithLabels<KnownLabels>(where, data as never) : undefined;
      if (given && given.images === undefined && !('images' in data)) {
        const expected = 'given, or inputs where they are no images';
        throw new ArgumentError(where, 'images', expected, data);
      }
      // Later blocks keep to a usual range of the first; of other numbers nobody knows the ends yet.
      const plan = seen?.plan.range && isConventional(seen.plan.range) ? seen.plan : asked;
      const rows = given ? { images: given.images } : { inputs: data.inputs! };
      const images = await rowSource(where, rows, { model, expected: inputShape, plan });
      const shape = images.shape.slice(1);
      const count = images.shape[0]!;
      const { classNames } = pass;
      const read = data.labels === undefined ? undefined : await readKnownLabels(where, data.labels, { classNames });
      if (read && read.labels.length !== count) {
        throw new ShapeError(where, 'labels', `${count} labels, one for each image`, read.labels.length);
      }
      pass.checkBackend();
      const blockSize = pass.blockSize ?? defaultBlockSize(images.shape, getBackend());
      const fitted = await images.checkFitted(blockSize, pass.checkBackend);
      seen = { kind, shape, plan: joinedPlan(seen?.plan, fitted) };
      return {
        count,
        labels: read?.labels,
        names: read?.names,
        shapes: { [kind]: shape },
        blockSize,
        async batchOf(own) {
          await nextTask();
          pass.checkBackend();
          return outputsOf({ where, model: reader, images, needs }, own);
        },
      };
    },
  };
}
