import { ANYTHING, FLAG, FUNCTION, SIGNAL } from '../../core/check';
import { readOptions } from '../../core/read-options';

/** Options of a single verdict. */
export interface PredictOneOptions {
  /** Name of a cut-point, or a false-alarm rate; by default that of the fit. */
  cutPoint?: string | number;
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

/** Options of a prediction. */
export interface PredictOptions extends PredictOneOptions {
  /** Called after each block: rows done of all; of a stream nobody knows how many there are. */
  onProgress?: (done: number, total: number | undefined) => void;
}

/** Options of a new calibration. */
export interface RecalibrateOptions extends Omit<PredictOptions, 'cutPoint'> {
  /** Whether the calibration of before stays, and the new images come to it; default false. */
  keep?: boolean;
}

/** The options of a prediction. @throws ArgumentError */
export const predictOptions = (where: string, options: PredictOptions | undefined) =>
  readOptions(where, options, { cutPoint: [ANYTHING, 'default'], signal: [SIGNAL], onProgress: [FUNCTION] });

/** Those of a single verdict. @throws ArgumentError */
export const predictOneOptions = (where: string, options: PredictOneOptions | undefined) =>
  readOptions(where, options, { cutPoint: [ANYTHING, 'default'], signal: [SIGNAL] });

/** The options of a new calibration. @throws ArgumentError */
export const recalibrateOptions = (where: string, options: RecalibrateOptions | undefined) =>
  readOptions(where, options, { keep: [FLAG, false], signal: [SIGNAL], onProgress: [FUNCTION] });
