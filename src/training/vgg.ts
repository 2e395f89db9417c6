import * as tfl from '@tensorflow/tfjs-layers';
import { check, COUNT, FLAG, INTEGER, listOf, POSITIVE, SHARE_OR_NONE } from '../core/check';
import { deriveSeed } from '../core/random';
import { readOptions, type Declared } from '../core/read-options';
import { batchNormLayer } from './closed-form-batch-norm';
import { SeededDropout } from './seeded-dropout';

/** Options of {@link vgg}. */
export interface VggOptions {
  /** [height, width, channels] of an image; default [32, 32, 3]. */
  inputShape?: readonly [height: number, width: number, channels: number];
  /** Factor on the sizes of all hidden layers; default 1. */
  width?: number;
  /** Sizes of the two hidden dense layers, before `width`; default [512, 512]. */
  denseSizes?: readonly [first: number, second: number];
  /** Size D of the embedding; default 10. */
  embeddingSize?: number;
  /** Batch norm between each convolution (then without bias) and its ReLU; default false, as in the paper. */
  batchNorm?: boolean;
  /** Share of elements that dropout zeroes after the two hidden dense layers, in [0, 1); default 0.2. */
  dropout?: number;
  /** Every initial weight and dropout mask follows from it. */
  seed: number;
}

const CHANNELS = [64, 128, 256, 512, 512];

const OPTIONS = {
  inputShape: [listOf(3, COUNT), [32, 32, 3]],
  width: [POSITIVE, 1],
  denseSizes: [listOf(2, COUNT), [512, 512]],
  embeddingSize: [COUNT, 10],
  batchNorm: [FLAG, false],
  dropout: [SHARE_OR_NONE, 0.2],
  seed: [INTEGER],
} as const satisfies Declared<VggOptions>;

/**
 * The embedding network of Masana et al. (BMVC 2018): five pairs of 3x3 convolutions with ReLU, each pair followed by a
 * 2x2 pool, then two dense layers with ReLU and dropout and a linear one. [N, H, W, C] in [0, 1] -> [N, D].
 *
 * Convolutions start Xavier uniform with bias 0.1, dense layers (biases too) N(0, 0.1). Equal seeds give equal weights.
 *
 * @throws ArgumentError if an option is out of range
 * @example
 * const model = vgg({ seed: 1 });
 * model.countParams(); // 9935434
 */
export function vgg(options: VggOptions): tfl.LayersModel {
  const { inputShape, width, denseSizes, embeddingSize, dropout, batchNorm, seed } = readOptions(
    'vgg',
    options,
    OPTIONS,
  );
  check('vgg', 'seed', seed, INTEGER);
  const scaled = (size: number) => Math.max(1, Math.round(size * width));
  let drawn = 0;
  const nextSeed = () => deriveSeed(seed, ++drawn);

  const input = tfl.input({ shape: [...inputShape], name: 'images' });
  let x = input;
  const add = (layer: tfl.layers.Layer) => (x = layer.apply(x) as tfl.SymbolicTensor);

  CHANNELS.forEach((channels, block) => {
    for (const half of [1, 2]) {
      const name = `conv${block + 1}_${half}`;
      add(
        tfl.layers.conv2d({
          name,
          filters: scaled(channels),
          kernelSize: 3,
          padding: 'same',
          kernelInitializer: tfl.initializers.glorotUniform({ seed: nextSeed() }),
          // Batch norm takes any constant away again.
          ...(batchNorm
            ? { useBias: false }
            : { biasInitializer: tfl.initializers.constant({ value: 0.1 }), activation: 'relu' as const }),
        }),
      );
      if (!batchNorm) continue;
      add(batchNormLayer({ name: `${name}_norm` }));
      add(tfl.layers.activation({ name: `${name}_relu`, activation: 'relu' }));
    }
    // 'same', so that images under 32x32 survive five pools.
    const pool = { name: `pool${block + 1}`, poolSize: 2, strides: 2, padding: 'same' } as const;
    const poolSize: [number, number] = [2, 2];
    const isLast = block === CHANNELS.length - 1;
    add(isLast ? tfl.layers.averagePooling2d({ ...pool, poolSize }) : tfl.layers.maxPooling2d({ ...pool, poolSize }));
  });
  add(tfl.layers.flatten({ name: 'flatten' }));

  const normal = () => tfl.initializers.randomNormal({ mean: 0, stddev: 0.1, seed: nextSeed() });
  const dense = (name: string, units: number) =>
    ({ name, units, kernelInitializer: normal(), biasInitializer: normal() }) as const;
  for (const [i, size] of denseSizes.entries()) {
    const index = i + 1;
    add(tfl.layers.dense({ ...dense(`dense${index}`, scaled(size)), activation: 'relu' }));
    const maskSeed = nextSeed(); // drawn in any case: the rate changes no initial weight
    if (dropout > 0) add(new SeededDropout({ name: `dropout${index}`, rate: dropout, seed: maskSeed }));
  }
  add(tfl.layers.dense(dense('embedding', embeddingSize)));
  return tfl.model({ name: 'vgg', inputs: input, outputs: x });
}
