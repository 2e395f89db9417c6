import * as tfl from '@tensorflow/tfjs-layers';
import { deriveSeed } from 'tfjs-ood';
import { vgg } from 'tfjs-ood/layers';
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

/** The authors' network at another width, with batch norm. */
export const vggNetwork =
  (width: number): Training['network'] =>
  (inputShape, embeddingSize, seed) =>
    vgg({ inputShape, width, embeddingSize, batchNorm: true, dropout: 0, seed });
