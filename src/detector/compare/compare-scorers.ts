import type { Tensor } from '@tensorflow/tfjs-core';
import { COUNT, RECORD } from '../../core/check';
import { ArgumentError, OodError, ShapeError } from '../../core/errors';
import { seededRandom } from '../../core/random';
import { readOptions } from '../../core/read-options';
import { checkedHead } from '../../scorers/contract/checked-head';
import { checkHeadAgrees } from '../../scorers/contract/head-agreement';
import type { FitNeed, Head, Need, ScorerMethod } from '../../scorers/contract/scorer';
import { pauses } from '../../core/pauses';
import { oneBackend } from '../../tensors/one-backend';
import { checkWeights, type AskedRows } from '../around-model';
import { heldCount } from '../calibration/hold-out';
import { INPUT, type ModelInput } from '../input/model-input';
import type { ModelInputs } from '../input/inputs-source';
import { METADATA_JSON, readMetadata, type TeachableMetadata } from '../input/teachable-metadata';
import { knownImages, type KnownImages } from '../known/known-images';
import { pickRows, rowsFrom, type KnownBlock, type OutputSource } from '../known/known-rows';
import { checkModel, type DetectorModel } from '../model/detector-model';
import type { ImageModel } from '../model/image-blocks';
import type { OutputNames } from '../model/model-reader';
import { inputShapeOf } from '../model/model-shapes';
import { namesIn, OUTPUT_NAMES } from '../model/named-outputs';
import { readImageModel } from '../model/read-image-model';
import { namingBlock } from '../naming-rows';
import { checkMethods, compareOptions, type CompareOptions } from './compare-options';
import { checkLikeKnown } from './compare-output-scorers';
import { compareRows, type StrangeRows } from './compare-rows';
import type { ScorerComparison } from './comparison';
import { MADE_KINDS, madeBlock } from './made-images';
import { checkWholeRows, gatheredOf, splitKnown } from './split-known';

/** Options of {@link compareScorers}. */
export interface CompareScorersOptions extends CompareOptions, OutputNames {
  /** Images (or `{ inputs }`) of what is unknown, by a name: `{ sketches: images, noise: others }`. */
  strange?: Readonly<Record<string, AskedRows>>;
  /** Which numbers the model takes for pixels of 0..255, and of which size, as for `fitDetector`. */
  input?: ModelInput;
  /** The parsed `metadata.json` of Teachable Machine, which says `input` and `classNames`. */
  metadata?: TeachableMetadata;
  /** Images at a time; by default by their size, at most 64. */
  blockSize?: number;
}

/** Rows to look at whether a head makes the logits of the features. */
const LOOKED_AT = 32;

/** The model with whatever it gives: features and logits, or one of them. */
function readAny(where: string, model: DetectorModel, names: OutputNames): ImageModel {
  let refused: unknown;
  for (const needs of [['features', 'logits'], ['features'], ['logits']] as const) {
    const method = {
      kind: where,
      needs: needs as readonly Need[],
      fitNeeds: [] as FitNeed[],
    } as unknown as ScorerMethod;
    try {
      return readImageModel(where, model, names, method);
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      refused ??= error;
    }
  }
  throw refused;
}

/** The head, where it makes these logits of these features: named features may be of another layer. */
async function agreeingHead(
  where: string,
  model: ImageModel,
  { features, logits }: KnownBlock,
): Promise<Head | undefined> {
  const head = features && logits && (await model.head());
  if (!head) return undefined;
  const rows = rowsFrom(0, Math.min(LOOKED_AT, features.shape[0]));
  try {
    await checkHeadAgrees(where, checkedHead(where, { head }), pickRows(features, rows), pickRows(logits, rows));
    return head;
  } catch (error) {
    if (error instanceof OodError) return undefined;
    throw error;
  }
}

/**
 * Which scorer finds the unknown best with this model: fits every scorer that the model allows, with its defaults, on a
 * part of the known images, and scores the others and what is unknown. The model sees each image once, whatever the
 * number of scorers; what goes through it again by itself, such as `odin`, is left out by name.
 *
 * Without strange images others stand for them, and the result says so: each class in turn is left out of the fit and
 * scored (`maxClasses` of them), and images are made of the held-out ones (noise, shuffled patches, less contrast,
 * other brightness). They may rank scorers otherwise than what your model will meet does.
 *
 * AUROC and FPR at 95 % TPR (the known are positive) are means over all sets. The best scorer is tested against the
 * others by DeLong's paired test on the same images, p-values by Holm's rule over all pairs.
 *
 * @param model as for `fitDetector`
 * @param known images [N, H, W, C] or `inputs` of another kind, with labels [N] for the scorers that need them and for
 *   leaving classes out; better not those that trained the model
 * @throws ArgumentError, ShapeError, NotFiniteError as `fitDetector`; ArgumentError where nothing stands for the
 *   unknown: strange images, or a class to leave out, or images to make others of
 * @example
 * const { scorers, best, text } = await compareScorers(model, { images, labels }, { only: ['energy', 'mahalanobis'] });
 * console.log(text, best.said, scorers[0]?.auroc);
 */
export async function compareScorers(
  model: DetectorModel,
  known: KnownImages,
  options?: CompareScorersOptions,
): Promise<ScorerComparison> {
  const where = 'compareScorers';
  checkModel(where, model, { functions: true });
  const read = readOptions(where, options, {
    ...compareOptions(),
    ...OUTPUT_NAMES,
    strange: [RECORD],
    input: [INPUT],
    metadata: [METADATA_JSON],
    blockSize: [COUNT],
  });
  const { strange: given = {}, input, metadata, blockSize, proxies, ...how } = read;
  checkMethods(where, how.scorers);
  checkWholeRows(where, 'known', known);
  const told = metadata && readMetadata(metadata);
  const classNames = how.classNames ?? told?.classNames;
  const reader = readAny(where, model, namesIn(read));
  const meaning = reader.meaning ?? 'classes';
  const pause = pauses(how.signal);
  await pause();
  await checkWeights(where, model, pause);

  const needs: string[] = []; // features too, once the model has given some
  let made: ((images: Tensor) => Promise<Tensor>) | undefined;
  const passing: ImageModel = {
    meaning,
    head: () => reader.head(),
    async pass(images) {
      const block = made ? await made(images) : images;
      try {
        const outputs = await (reader.passAsync ?? reader.pass)(block);
        if (outputs.features !== undefined && !needs.includes('features')) needs.push('features');
        return outputs;
      } finally {
        if (block !== images) block.dispose();
      }
    },
  };
  const check = oneBackend();
  const ready = async () => {
    await pause();
    check(where); // others may have switched it meanwhile
  };
  const pass = { model, reader: passing, inputShape: inputShapeOf(model), needs, input, told: told?.input, blockSize };
  const rows = knownImages(where, { ...pass, classNames, ready });
  let [done, total] = [0, 0];
  const counted = (source: OutputSource): OutputSource => ({
    ...source,
    async batchOf(own) {
      const block = await source.batchOf(own);
      done += own.length;
      try {
        how.onProgress?.(done, total);
      } catch (error) {
        block.dispose();
        throw error;
      }
      return block;
    },
  });

  const source = counted(await rows.sourceOf(known));
  const { kind, shape, plan } = rows.seen();
  const isMaking = (proxies ?? Object.keys(given).length === 0) && kind === 'images';
  const range = isMaking && shape.length === 3 ? plan.range : undefined;
  const others: [name: string, source: OutputSource][] = [];
  for (const [name, own] of Object.entries(given)) {
    checkWholeRows(where, `strange.${name}`, own);
    const { inputs } = (own ?? {}) as { inputs?: ModelInputs };
    const asked = inputs === undefined ? { images: own as never } : { inputs };
    const strange = await namingBlock(rows.sourceOf(asked), { block: `strange.${name}`, before: 0 });
    const like = strange.shapes[kind];
    if (like?.length !== shape.length || like.some((side, i) => side !== shape[i])) {
      const received = Object.entries(strange.shapes).map(([what, sides]) => `${what} [${sides.join(', ')}]`);
      throw new ShapeError(where, `strange.${name}`, `${kind} of [${shape.join(', ')}], as the known`, received.join());
    }
    others.push([name, counted(strange)]);
    total += strange.count;
  }
  const perMade = heldCount(source.count, how.heldOutShare);
  total += source.count + (range ? MADE_KINDS.length * perMade : 0);

  const { fit, held, heldRows } = await splitKnown(where, source, { ...how, classNames, meaning });
  const strange: StrangeRows[] = [];
  for (const [name, own] of others) {
    const block = await namingBlock(gatheredOf(own), { block: `strange.${name}`, before: 0 });
    checkLikeKnown(where, name, fit, block);
    strange.push({ name, isProxy: false, about: 'strange images as given', rows: block });
  }
  for (const [at, one] of range ? MADE_KINDS.entries() : []) {
    const random = seededRandom(how.seed, 63, at);
    made = (images) => madeBlock(images, one, range!, random);
    const block = await gatheredOf(source, heldRows);
    strange.push({ name: one.name, isProxy: true, about: one.about, rows: block, isOfHeld: one.isOfImage });
  }
  const head = await agreeingHead(where, reader, fit);
  const isLeavingOut = proxies ?? others.length === 0;
  const notMade = isMaking ? 'these rows have no height, width and channels' : 'inputs are no images';
  return compareRows(where, { fit, held, strange, head, meaning, isLeavingOut, notMade }, how);
}
