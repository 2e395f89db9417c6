import { rowProducts } from '../../linalg/row-products';
import type { Head } from '../contract/scorer';

/** Logits of rows by a head. */
export interface HeadLogits {
  /** scale X W + b [N, C] of rows X [N, D]; a scale for each row, 1 without. */
  of(rows: Float32Array, scales?: Float64Array): Promise<Float64Array>;
  dispose(): void;
}

/** The last layer, run on features that were changed, or without the model. */
export function headLogits(where: string, { weights, bias, shape }: Head, blockSize: number): HeadLogits {
  const products = rowProducts(where, weights, shape, blockSize);
  const classes = shape[1];
  return {
    async of(rows, scales) {
      const logits = await products.of(rows);
      for (let i = 0; i < logits.length; i++) {
        logits[i] = (scales?.[Math.floor(i / classes)] ?? 1) * logits[i]! + bias[i % classes]!;
      }
      return logits;
    },
    dispose: () => products.dispose(),
  };
}
