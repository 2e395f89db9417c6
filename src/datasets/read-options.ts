/** Options of every reader. */
export interface ReadOptions {
  /** Name of the file, for the error messages. */
  file?: string;
}

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
