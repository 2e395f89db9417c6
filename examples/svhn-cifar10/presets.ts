import type { Training } from '../runner/experiment';
import type { Setting } from '../runner/settings';

/** The numbers of a run besides those that all experiments have. */
export interface Preset {
  /** Of the network: width (1 has 64 to 512 channels), its two hidden dense layers before that, batch norm, dropout. */
  width: number;
  denseSizes: readonly [number, number];
  batchNorm: boolean;
  dropout: number;
  /** 0: as many as known training images. */
  noiseImages: number;
  /** What the images of lists are resized by. */
  resizeKernel: 'cubic' | 'linear';
  training: Omit<Training, 'network'>;
}

/** The numbers of the paper (BMVC 2018) and its released code. */
const paper: Preset = {
  width: 1,
  denseSizes: [512, 512],
  batchNorm: false,
  dropout: 0.2,
  noiseImages: 0,
  resizeKernel: 'linear',
  training: {
    embeddingSize: 10,
    batchSize: 1024,
    partSize: 64,
    outShare: 0.25,
    outEvery: 2,
    similarShare: 0.25,
    epochs: 3000,
    stepsPerEpoch: 0,
    learningRate: 1e-4,
    // After epochs 150 and 2250 as the authors count them, from 0: the first of all is done when one is.
    decayAfter: [151, 2251],
    decayFactor: 0.1,
    weightDecay: 1e-4,
    pairs: 'halves',
    power: 1,
    margin: 10,
    positiveShare: 0.5,
    outWeight: 0.5,
  },
};

/** Minutes on two cores: a quarter of the width, batch norm, all pairs of a small batch. */
const quick: Preset = {
  width: 0.25,
  denseSizes: [512, 512],
  batchNorm: true,
  dropout: 0,
  noiseImages: 1000,
  resizeKernel: 'cubic',
  training: {
    ...paper.training,
    batchSize: 64,
    outEvery: 1,
    epochs: 24,
    stepsPerEpoch: 25,
    learningRate: 1e-3,
    decayAfter: [19],
    pairs: 'all',
    power: 2,
    positiveShare: 0.3,
  },
};

/** A minute, for the drawn images. */
const drawn: Preset = {
  ...quick,
  width: 0.125,
  noiseImages: 500,
  training: { ...quick.training, epochs: 30, decayAfter: [22] },
};

export const presets = { paper, quick, drawn } as const;
export type PresetName = keyof typeof presets;

/** What the command line can change besides the training's numbers. */
export const presetSettings = {
  width: { says: 'width of the network; 1 has 64 to 512 channels', range: [0.01, 4] },
  denseSizes: { says: 'sizes of the two hidden dense layers, times the width, e.g. 512,512', type: 'sizes', count: 2 },
  batchNorm: { says: 'batch normalization, on or off', type: 'switch' },
  dropout: { says: 'dropout rate of the two dense layers', range: [0, 0.99] },
  noiseImages: {
    says: 'images of Gaussian noise in the test; 0: as many as known training images',
    range: [0, 1e6, 'whole'],
  },
  resizeKernel: { says: 'what images of lists are resized by', choices: ['cubic', 'linear'] },
} satisfies Partial<Record<keyof Preset, Setting>>;
