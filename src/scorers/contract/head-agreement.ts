import { ArgumentError, ShapeError } from '../../core/errors';
import { pauses } from '../../core/pauses';
import type { Rows } from './rows';
import type { Head } from './scorer';

/** Rows that are compared: enough to tell a wrong head, few enough to cost nothing. */
const ROWS = 32;

/**
 * How far logits may lie from W x + b, as a share of what rounding could move: the root mean square of a class's
 * products. Inputs rounded to float32, half precision or bfloat16 (2^-24, 2^-11, 2^-8 each) leave at most 0.5 %, a sum
 * of 2048 terms kept in half precision 1 %, weights in 8 bits some 2 %. A head that is another one is off by its whole
 * size.
 */
const TOLERANCE = 0.05;

/**
 * Throws unless W x + b of the head are the logits that were given with these features. They are not where the matrix
 * is the wrong way round, of another layer, or has its classes in another order. `where` is who complains.
 */
export async function checkHeadAgrees(
  where: string,
  { weights, bias, shape }: Head,
  features: Rows,
  logits: Rows,
  pause = pauses(),
): Promise<void> {
  const [size, classes] = shape;
  if (features.shape[1] !== size || logits.shape[1] !== classes) {
    const expected = `[${features.shape[1]}, ${logits.shape[1]}], as the features and the logits`;
    throw new ShapeError(where, 'head', expected, shape);
  }
  const rows = Math.min(ROWS, features.shape[0], logits.shape[0]);
  for (let c = 0; c < classes; c++) {
    await pause();
    let [apart, scale] = [0, 0];
    for (let row = 0; row < rows; row++) {
      let [sum, squares] = [bias[c]!, bias[c]! ** 2];
      for (let i = 0; i < size; i++) {
        const product = features.data[row * size + i]! * weights[i * classes + c]!;
        sum += product;
        squares += product ** 2;
      }
      const logit = logits.data[row * classes + c]!;
      apart += (logit - sum) ** 2;
      scale += Math.max(squares, logit ** 2);
    }
    if (Math.sqrt(apart) <= TOLERANCE * Math.sqrt(scale)) continue;
    const expected = `the layer that makes the logits given of the features given, logits = features W + b, W [features, classes] row by row \
(an ONNX Gemm with transB keeps W the other way round; logits are what goes into the softmax)`;
    const share = `${((100 * Math.sqrt(apart)) / Math.sqrt(scale)).toFixed(0)} %`;
    const received = `one whose logits of class ${c} lie ${share} of their size away`;
    throw new ArgumentError(where, 'head', expected, received);
  }
}
