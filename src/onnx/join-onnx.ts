import { FLAG, TEXT } from '../core/check';
import { ArgumentError } from '../core/errors';
import { readOptions } from '../core/read-options';
import type { DetectorState } from '../detector/detector-state';
import type { Head } from '../scorers/contract/scorer';
import { checkFileSize, type DetectorToOnnxOptions, type ExportedDetector } from './detector-to-onnx';
import { checkExportable, writeDetector } from './graph/detector-graph';
import { detectorMetadata } from './graph/detector-metadata';
import { onnxGraph } from './graph/onnx-graph';
import { extendedModel, freePrefix, tensorNames } from './model/extended-model';
import { endOf, MODEL_TENSORS, type ModelEnd, type ModelTensors } from './model/model-end';
import { ELEMENT } from './protobuf/onnx-fields';
import { readOnnxModel } from './model/read-onnx-model';

/** The first opset that has all operators of a detector. */
const FIRST_OPSET = 11;
/** How far weights of the same layer may lie apart, as a share of the largest: those of half precision do. */
const SAME_WEIGHTS = 1e-2;

/** Options of {@link joinOnnx}. */
export interface JoinOnnxOptions extends ModelTensors, DetectorToOnnxOptions {
  /** What the names of the new outputs begin with; default nothing. */
  prefix?: string;
}

/** Throws where the detector was fitted with the head of another model. */
function checkSameHead(where: string, { scorers }: DetectorState, head: Head): void {
  for (const { tensors } of scorers) {
    for (const [name, { data, shape }] of Object.entries(tensors)) {
      if (!/(^|\.)weights$/.test(name)) continue;
      const isShape = shape[0] === head.shape[0] && shape[1] === head.shape[1];
      const largest = head.weights.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const other = isShape
        ? data.findIndex((value, i) => Math.abs(value - head.weights[i]!) > SAME_WEIGHTS * largest)
        : 0;
      if (other < 0) continue;
      const received = isShape ? `other weights at index ${other}` : `one of [${shape.join(', ')}]`;
      throw new ArgumentError(
        where,
        'detector',
        `one of this model, whose last layer is [${head.shape.join(', ')}]`,
        received,
      );
    }
  }
}

/** The tensor of the model that the detector takes. @throws ArgumentError where it is none of this width */
function tensorFor(where: string, end: ModelEnd, what: 'features' | 'logits', width: number): string {
  const name = end[what];
  if (name === undefined) {
    throw new ArgumentError(
      where,
      'logits',
      "given, as the scorer needs them: { logits: 'name of the tensor' }",
      'none',
    );
  }
  const own = end.head?.shape[what === 'features' ? 0 : 1];
  if (own === undefined || own === width) return name;
  throw new ArgumentError(where, 'model', `one with ${width} ${what}, as at the fit of the detector`, own);
}

/**
 * A model and its detector as one ONNX file: what goes into the model in, its outputs and the verdict out.
 *
 * The model stays as it is, with its opset (11 or later); behind it stand the operators of {@link detectorToOnnx}, on
 * the tensors that {@link exposeFeatures} finds. New outputs `score`, `p_value`, `is_ood`, and `label` or `tags`; inner
 * names begin with one that the model has not. What is done to pictures before the model stays outside, as it was.
 *
 * @param model the bytes of an .onnx file, of which the detector's outputs came
 * @param detector one of `fitDetector` or `fitOutputDetector`, or a loaded one
 * @param options those of both, and `prefix`: what the names of the new outputs begin with
 * @throws as {@link exposeFeatures} and {@link detectorToOnnx}; ArgumentError for a model of another width, or with
 *   another last layer than the detector has seen, of an opset below 11, or with an output of such a name
 * @example
 * const { bytes, head } = exposeFeatures(model); // run it for features and logits of known images
 * const detector = await fitOutputDetector({ features, logits, labels }, { scorer: mahalanobis() });
 * const joined = joinOnnx(model, detector); // images -> logits, score, p_value, is_ood, label
 */
export function joinOnnx(model: Uint8Array, detector: ExportedDetector, options?: JoinOnnxOptions): Uint8Array {
  const where = 'joinOnnx';
  const { prefix, withLabel, acceptNoLabelSets, ...tensors } = readOptions(where, options, {
    ...MODEL_TENSORS,
    withLabel: [FLAG, true],
    acceptNoLabelSets: [FLAG, false],
    prefix: [TEXT, ''],
  });
  const read = readOnnxModel(where, model);
  const state = (detector as Partial<ExportedDetector> | null | undefined)?.state;
  checkExportable(where, state, acceptNoLabelSets);
  if (read.opset < FIRST_OPSET) {
    const expected = `one of opset ${FIRST_OPSET} or later (onnx.version_converter of Python makes it one)`;
    throw new ArgumentError(where, 'model', expected, `opset ${read.opset}`);
  }
  const end = endOf(where, read, tensors);
  if (end.head) checkSameHead(where, state!, end.head);
  const taken = tensorNames(read);
  const g = onnxGraph(freePrefix(read), read.opset);
  writeDetector(g, state!, {
    where,
    withLabel: withLabel && end.logits !== undefined,
    // As float32 the detector was fitted on them: beyond it a number is infinite there, and here too.
    rowsOf: (what, width) => g.node('Cast', [tensorFor(where, end, what, width)], { to: ELEMENT.float }),
    nameOf(output) {
      const name = `${prefix}${output}`;
      if (!taken.has(name)) return name;
      const expected = `such that the model has no '${name}' yet: { prefix: 'ood_' }`;
      throw new ArgumentError(where, 'prefix', expected, `'${prefix}'`);
    },
  });
  const added = g.chunks();
  checkFileSize(where, { length: added.length + model.length });
  return extendedModel(read, added, detectorMetadata(state!));
}
