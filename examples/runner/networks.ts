import * as tfl from '@tensorflow/tfjs-layers';
import { deriveSeed } from 'tfjs-ood';
import { batchNormLayer } from 'tfjs-ood/training';
import type { Training } from './experiment';

/** Three convolutions with pools and two dense layers: enough for digits, a minute for thousands of steps. */
export const smallNetwork =
  (widths: readonly [number, number, number, number]): Training['network'] =>
  (inputShape, outputs, seed) => {
    const initializer = (layer: number) => tfl.initializers.heNormal({ seed: deriveSeed(seed, layer) });
    const model = tfl.sequential();
    widths.slice(0, 3).forEach((filters, i) => {
      model.add(
        tfl.layers.conv2d({
          filters,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
          kernelInitializer: initializer(i),
          ...(i === 0 && { inputShape: [...inputShape] }),
        }),
      );
      model.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
    });
    model.add(tfl.layers.flatten());
    model.add(tfl.layers.dense({ units: widths[3], activation: 'relu', kernelInitializer: initializer(3) }));
    const kernelInitializer = tfl.initializers.glorotUniform({ seed: deriveSeed(seed, 4) });
    model.add(tfl.layers.dense({ units: outputs, kernelInitializer }));
    return model;
  };

/**
 * Convolutions with batch norm, and one dense layer. The last convolution of each block is pooled before its norm and
 * ReLU, a quarter of the work for the same features.
 */
export const normedNetwork =
  (blocks: readonly (readonly number[])[]): Training['network'] =>
  (inputShape, outputs, seed) => {
    const model = tfl.sequential();
    let layer = 0;
    for (const block of blocks) {
      block.forEach((filters, i) => {
        model.add(
          tfl.layers.conv2d({
            filters,
            kernelSize: 3,
            padding: 'same',
            useBias: false,
            kernelInitializer: tfl.initializers.heNormal({ seed: deriveSeed(seed, layer) }),
            ...(layer++ === 0 && { inputShape: [...inputShape] }),
          }),
        );
        if (i === block.length - 1) model.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
        model.add(batchNormLayer());
        model.add(tfl.layers.activation({ activation: 'relu' }));
      });
    }
    model.add(tfl.layers.flatten());
    const kernelInitializer = tfl.initializers.glorotUniform({ seed: deriveSeed(seed, layer) });
    model.add(tfl.layers.dense({ units: outputs, kernelInitializer }));
    return model;
  };
