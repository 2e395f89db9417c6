import { POSITIVE } from '../../core/check';
import { checkClassRows, type ClassRows } from '../../core/class-rows';
import { readOptions } from '../../core/read-options';

/**
 * Class probabilities of logits: softmax(logits / temperature), in float64.
 *
 * Source: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
 *
 * @param logits [N, C] as `{ data, shape }`
 * @param options `temperature` above 0, 1 by default: what {@link fitTemperature} found
 * @returns probabilities [N, C], each row sums to 1
 * @throws ArgumentError for no row, no class or a temperature that is not positive; ShapeError where data and shape
 *   differ; NotFiniteError naming row and class of the first NaN or infinity
 * @example
 * classProbabilities({ data: [0, Math.log(3)], shape: [1, 2] }).data; // Float64Array [0.25, 0.75]
 */
export function classProbabilities(
  logits: ClassRows,
  options?: { temperature?: number },
): { data: Float64Array; shape: [rows: number, classes: number] } {
  const where = 'classProbabilities';
  checkClassRows(where, 'logits', logits);
  const { temperature } = readOptions(where, options, { temperature: [POSITIVE, 1] });
  const [count, classes] = logits.shape;
  const data = Float64Array.from(logits.data);
  for (let row = 0; row < count; row++) {
    const own = data.subarray(row * classes, (row + 1) * classes);
    const most = own.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += own[c] = Math.exp((own[c]! - most) / temperature);
    for (let c = 0; c < classes; c++) own[c]! /= sum;
  }
  return { data, shape: [count, classes] };
}
