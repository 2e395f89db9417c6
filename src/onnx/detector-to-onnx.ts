import { FLAG } from '../core/check';
import { ArgumentError } from '../core/errors';
import { readOptions } from '../core/read-options';
import type { DetectorState } from '../detector/detector-state';
import { checkExportable, writeDetector } from './graph/detector-graph';
import { detectorMetadata, PACKAGE_VERSION } from './graph/detector-metadata';
import { onnxGraph } from './graph/onnx-graph';
import { writtenModel } from './protobuf/write-messages';

/** ONNX 1.8 of 2020, and what has come since. */
const OPSET = 13;
const IR_VERSION = 7;
/** Of protobuf, for a file. */
const MOST_BYTES = 2 ** 31 - 1;

/** A detector, of images or of outputs. */
export interface ExportedDetector {
  readonly state: DetectorState;
}

/** Options of {@link detectorToOnnx}. */
export interface DetectorToOnnxOptions {
  /**
   * Whether logits come in that the scorer does without, so that rows get a label; default true. Where neither logits
   * nor class names were given at the fit there is no label.
   */
  withLabel?: boolean;
  /** Whether probabilities and label sets may be left out, which have no graph; default false: an error. */
  acceptNoLabelSets?: boolean;
}

/** Throws where the file would be larger than protobuf takes. */
export function checkFileSize(where: string, { length }: { length: number }): void {
  if (length <= MOST_BYTES) return;
  const expected = `one of at most ${MOST_BYTES} bytes as ONNX (a smaller bank, or calibration: 'held-out', which has one scorer)`;
  throw new ArgumentError(where, 'detector', expected, `${length} bytes`);
}

/**
 * A detector as an ONNX model of standard operators (opset 13): rows in, verdicts out, in any engine that runs ONNX.
 *
 * Inputs `features` [N, D] and `logits` [N, C], float32, those that the scorer needs (and the logits for the label);
 * outputs `score` [N] float32, `p_value` [N] float64, `is_ood` [N] bool at the rate of the fit, `label` [N] int64, an
 * index into the class names; of tags `tags` [N, C] bool in its place. Inside it is float64: scores are those of the
 * detector to float32 rounding. A row that is not finite, of which a detector throws, has the score NaN and is OoD.
 * Names, rates, thresholds, calibration and fingerprint are in the metadata, as `tfjs_ood.*`. No backend is needed.
 *
 * Operators: https://onnx.ai/onnx/operators/, of the default domain.
 *
 * @param detector one of `fitDetector` or `fitOutputDetector`, or a loaded one
 * @returns the bytes of the file
 * @throws ArgumentError for a detector that has no graph, saying why: ODIN, an approximate index, a scorer of one's
 *   own, a growing one, label sets, more than 2 GiB
 * @example
 * const detector = await fitOutputDetector({ features, logits, labels }, { scorer: mahalanobis(), alpha: 0.05 });
 * const bytes = detectorToOnnx(detector); // write it as detector.onnx
 */
export function detectorToOnnx(detector: ExportedDetector, options?: DetectorToOnnxOptions): Uint8Array {
  const where = 'detectorToOnnx';
  const { withLabel, acceptNoLabelSets } = readOptions(where, options, {
    withLabel: [FLAG, true],
    acceptNoLabelSets: [FLAG, false],
  });
  const state = (detector as Partial<ExportedDetector> | null | undefined)?.state;
  checkExportable(where, state, acceptNoLabelSets);
  const g = onnxGraph('', OPSET);
  writeDetector(g, state!, {
    where,
    withLabel,
    rowsOf: (name, width) => g.input({ name, element: 'float', shape: ['N', width] }),
    nameOf: (name) => name,
  });
  const graph = g.chunks();
  checkFileSize(where, graph);
  return writtenModel({
    irVersion: IR_VERSION,
    opset: OPSET,
    producer: ['tfjs-ood', PACKAGE_VERSION],
    docString: 'Out-of-distribution detector: higher scores are more out of distribution.',
    graphName: 'detector',
    graph,
    metadata: detectorMetadata(state!),
  });
}
