import { FUNCTION, oneOf, TEXT } from '../core/check';
import type { Declared } from '../core/read-options';
import { streamInflate, type Inflate } from './inflate';

/** Options of every reader. */
export interface ReadOptions {
  /** Name of the file, for the error messages. */
  file?: string;
}

export const READ_OPTIONS = { file: [TEXT, 'bytes'] } as const satisfies Declared<ReadOptions>;

/** Options of readers of files that may be compressed. */
export interface InflateOptions extends ReadOptions {
  /** What inflates large blocks; default: `DecompressionStream`. What it returns may be written over. */
  inflate?: Inflate;
}

export const INFLATE_OPTIONS = {
  ...READ_OPTIONS,
  inflate: [FUNCTION, streamInflate],
} as const satisfies Declared<InflateOptions>;

/** Options of readers of CIFAR. */
export interface CifarOptions extends ReadOptions {
  /**
   * Which labels of CIFAR-100: `'fine'`, 0 to 99, or `'coarse'`, 0 to 19. Without it the file is one of CIFAR-10, which
   * has one label an image.
   */
  labels?: CifarLabels;
}

/** CIFAR-100 has two labels an image. */
export type CifarLabels = 'fine' | 'coarse';

/** How many classes they tell apart. */
export const CIFAR_100_CLASSES: Readonly<Record<CifarLabels, number>> = { coarse: 20, fine: 100 };

export const CIFAR_LABELS = oneOf(...Object.keys(CIFAR_100_CLASSES));
export const CIFAR_OPTIONS = {
  ...READ_OPTIONS,
  labels: [CIFAR_LABELS],
} as const satisfies Declared<CifarOptions>;
