import type { layers } from '@tensorflow/tfjs-layers';
import { ANYTHING } from '../core/check';
import type { Declared } from '../core/read-options';

/** What every layer takes. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Their names; tfjs looks at the values. */
export const LAYER_ARGS = {
  inputShape: [ANYTHING],
  batchInputShape: [ANYTHING],
  batchSize: [ANYTHING],
  dtype: [ANYTHING],
  name: [ANYTHING],
  trainable: [ANYTHING],
  weights: [ANYTHING],
  inputDType: [ANYTHING],
  /** tfjs adds it when it loads a model. */
  customObjects: [ANYTHING],
} as const satisfies Declared<LayerArgs & { customObjects?: unknown }>;
