import { POSITIVE } from '../../core/check';
import { checkClassRows, type ClassRows } from '../../core/class-rows';
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkLabels } from '../../core/labels';
import { readOptions } from '../../core/read-options';

/** A temperature and what it does to the rows that it comes from. */
export interface FittedTemperature {
  /** What logits are divided by before the softmax; above 1 the model was too sure. */
  temperature: number;
  /** Mean negative log-likelihood of the labels at it, in nats. */
  nll: number;
  /** The same at temperature 1. */
  nllBefore: number;
  /** Rows. */
  count: number;
  /** Says so where the likelihood has no maximum within the limits, and the temperature is one of them. */
  warning?: string;
}

/** Sum of the negative log-likelihoods at logits * sharpness, and its first two derivatives over sharpness. */
function likelihood({ data, shape }: ClassRows, labels: Int32Array, sharpness: number) {
  const [count, classes] = shape;
  let [nll, slope, curvature] = [0, 0, 0];
  for (let row = 0; row < count; row++) {
    const from = row * classes;
    let most = -Infinity;
    for (let c = 0; c < classes; c++) most = Math.max(most, data[from + c]!);
    let [sum, mean, square] = [0, 0, 0];
    for (let c = 0; c < classes; c++) {
      const below = data[from + c]! - most; // shifted, so that nothing overflows
      const weight = Math.exp(below * sharpness);
      sum += weight;
      mean += weight * below;
      square += weight * below * below;
    }
    mean /= sum;
    const own = data[from + labels[row]!]! - most;
    nll += Math.log(sum) - own * sharpness;
    slope += mean - own;
    curvature += square / sum - mean * mean;
  }
  return { nll, slope, curvature };
}

/**
 * The temperature at which softmax(logits / temperature) gives the labels the largest likelihood: what was too sure
 * becomes less so, and no order of classes changes.
 *
 * The mean negative log-likelihood is convex in 1 / temperature; its minimum is found by Newton's method within a
 * bracket, in float64. Fit on rows that trained neither the model nor calibrate the detector.
 *
 * Where every row has its label on top, the likelihood grows without end as the temperature falls, and where the logits
 * say nothing right, as it rises: then it is the limit, with a `warning`.
 *
 * Source: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
 *
 * @param logits [N, C] as `{ data, shape }`, C from 2
 * @param labels class indices [N]
 * @param options `least` and `most`: limits of the temperature, 0.01 and 100 by default
 * @throws ArgumentError for no row, fewer than two classes, labels that are none of them, limits that are none, or
 *   logits that are equal within every row, so that every temperature is as good; ShapeError for unequal lengths;
 *   NotFiniteError naming row and class of the first NaN or infinity
 * @example
 * const logits = { data: [4, 0, 4, 0, 4, 0, 0, 4], shape: [4, 2] as const };
 * const { temperature } = fitTemperature(logits, [0, 0, 1, 1]);
 * temperature; // 3.641: of four answers with a logit of 4 three are right, ln 3 is what they deserve
 */
export function fitTemperature(
  logits: ClassRows,
  labels: ArrayLike<number>,
  options?: { least?: number; most?: number },
): FittedTemperature {
  const where = 'fitTemperature';
  checkClassRows(where, 'logits', logits);
  const { data, shape } = logits;
  const [count, classes] = shape;
  if (classes < 2) throw new ArgumentError(where, 'logits.shape', 'two classes at least', shape);
  const own = checkLabels(where, labels, { below: classes });
  if (own.length !== count) throw new ShapeError(where, 'labels', `${count} labels, one for each row`, own.length);
  const { least, most } = readOptions(where, options, { least: [POSITIVE, 0.01], most: [POSITIVE, 100] });
  if (least > most) throw new ArgumentError(where, 'least', `at most most, ${most}`, least);
  let isFlat = true;
  for (let at = 0; at < data.length && isFlat; at++) isFlat = data[at] === data[at - (at % classes)];
  if (isFlat) throw new ArgumentError(where, 'logits', 'different within some row', 'rows of equal logits');

  const at = (sharpness: number) => likelihood(logits, own, sharpness);
  const found = (temperature: number) => ({
    temperature,
    nll: at(1 / temperature).nll / count,
    nllBefore: at(1).nll / count,
    count,
  });
  let [low, high] = [1 / most, 1 / least];
  const atLimit = (temperature: number, cause: string) => ({
    ...found(temperature),
    warning: `${cause}: the temperature is the limit, ${temperature}; fit it on more rows`,
  });
  if (at(high).slope <= 0)
    return atLimit(least, `the likelihood of ${count} rows still grows as the temperature falls`);
  if (at(low).slope >= 0) return atLimit(most, `the likelihood of ${count} rows still grows as the temperature rises`);
  let sharpness = Math.min(high, Math.max(low, 1));
  for (let step = 0; step < 200; step++) {
    const { slope, curvature } = at(sharpness);
    if (slope < 0) low = sharpness;
    else high = sharpness;
    const before = sharpness;
    sharpness -= slope / curvature;
    // Outside the bracket (or no number, where all is underflow) halve it, in logarithms
    if (!(sharpness >= low && sharpness <= high)) sharpness = Math.sqrt(low * high);
    if (Math.abs(sharpness - before) <= 1e-10 * before) break; // the next one would be its square
  }
  return found(1 / sharpness);
}
