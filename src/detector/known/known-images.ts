import { getBackend } from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../core/errors';
import { defaultBlockSize } from '../input/default-block-size';
import type { ModelImages, ShapedImages } from '../input/given-images';
import { imagesWithLabels } from '../input/images-with-labels';
import { checkPixelsKnown, inputPlan, type InputPlan } from '../input/input-plan';
import type { ModelInputs } from '../input/inputs-source';
import { withTold, type ModelInput } from '../input/model-input';
import { checkNoInput, kindOfRows, rowSource, type RowKind } from '../input/model-rows';
import { isConventional, hullOf, widened } from '../input/number-range';
import type { DetectorModel } from '../model/detector-model';
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
  model: DetectorModel;
  reader: ImageModel;
  inputShape: InputShape;
  needs: readonly string[];
  /** What the option says of images. */
  input: ModelInput | undefined;
  /** What `metadata.json` says of them, where the option does not. */
  told: ModelInput | undefined;
  /** Images at a time; undefined: by their size. */
  blockSize: number | undefined;
  classNames: readonly string[] | undefined;
  /** Before each part of the work: a pause, and a look at the backend. */
  ready(): Promise<void>;
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

/** The plan that later images keep to: numbers that nobody declared may have the usual range around those that came. */
const settled = (plan: InputPlan): InputPlan =>
  plan.isSeen && plan.range ? { ...plan, range: widened(plan.range) } : plan;

/**
 * What the next block must keep to: a usual range of those before. Of other numbers nobody knows the ends yet, and
 * numbers that are all alike (black) tell none.
 */
function planAfter(before: InputPlan | undefined, asked: InputPlan): InputPlan {
  if (!before?.range || (before.isSeen && before.range[0] === before.range[1])) return asked;
  const plan = settled(before);
  return isConventional(plan.range!) ? plan : asked;
}

/** Reads known images, which then go through the model part by part. */
export function knownImages(where: string, { model, reader, inputShape, needs, ...pass }: KnownPass) {
  let seen: SeenImages | undefined;
  let asked: InputPlan | undefined;
  return {
    seen: (): SeenImages => ({ ...seen!, plan: settled(seen!.plan) }),
    async sourceOf(data: KnownImages): Promise<OutputSource> {
      if (!Array.isArray(data) && !ArrayBuffer.isView(data)) checkKnown(where, 'data', data, KNOWN);
      const kind = kindOfRows(where, data);
      const given = kind === 'images' ? imagesWithLabels<KnownLabels>(where, data as never) : undefined;
      if (given && given.images === undefined && !('images' in data)) {
        const expected = 'given, or inputs where they are no images';
        throw new ArgumentError(where, 'images', expected, data);
      }
      if (kind === 'inputs') checkNoInput(where, pass.input);
      asked ??= await inputPlan(where, model, given && withTold(pass.input, pass.told));
      const plan = planAfter(seen?.plan, asked);
      const rows = given ? { images: given.images } : { inputs: data.inputs! };
      const images = await rowSource(where, rows, { model, expected: inputShape, plan, ready: pass.ready });
      // Of blocks of floats in another range nobody knows what bytes would become.
      if (seen && images.isPixels) checkPixelsKnown(where, settled(seen.plan));
      const shape = images.shape.slice(1);
      const count = images.shape[0]!;
      const { classNames } = pass;
      const read = data.labels === undefined ? undefined : await readKnownLabels(where, data.labels, { classNames });
      if (read && read.labels.length !== count) {
        throw new ShapeError(where, 'labels', `${count} labels, one for each image`, read.labels.length);
      }
      await pass.ready();
      const blockSize = pass.blockSize ?? defaultBlockSize(images.shape, getBackend());
      const fitted = await images.checkFitted(blockSize);
      seen = { kind, shape, plan: joinedPlan(seen?.plan, fitted) };
      return {
        count,
        labels: read?.labels,
        names: read?.names,
        shapes: { [kind]: shape },
        blockSize,
        async batchOf(own) {
          await pass.ready();
          return outputsOf({ where, model: reader, images, needs }, own);
        },
      };
    },
  };
}
