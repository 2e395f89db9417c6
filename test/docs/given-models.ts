import * as tfl from '@tensorflow/tfjs-layers';

const kernel = (seed: number) => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed }) });

/** Three tags of images of 16 x 16. */
export const tagger = () =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [16, 16, 3] }),
      tfl.layers.dense({ units: 6, activation: 'relu', ...kernel(5) }),
      tfl.layers.dense({ units: 3, activation: 'sigmoid', ...kernel(6) }),
    ],
  });

/** What makes four numbers of such an image, and a classifier of those. */
export const base = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [16, 16, 3], filters: 4, kernelSize: 3, ...kernel(7) }),
      tfl.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    ],
  });
export const head = () =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ inputShape: [4], units: 6, activation: 'relu', ...kernel(8) }),
      tfl.layers.dense({ units: 3, activation: 'softmax', ...kernel(9) }),
    ],
  });
