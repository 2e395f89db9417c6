import { ArgumentError } from 'tfjs-ood';

export type RealSet = 'cifar10' | 'svhn';

/** Everything that decides the numbers of a run. A run folder keeps it and refuses to go on under another one. */
export interface Config {
  /** What the images are: `real`, or `drawn` from the seed where there are none. */
  data: 'real' | 'drawn';
  in: RealSet | 'digits';
  seen: RealSet | 'shapes';
  seed: number;
  backend: 'wasm' | 'cpu';
  width: number;
  embeddingSize: number;
  batchNorm: boolean;
  dropout: number;
  loss: 'odm' | 'contrastive';
  pairs: 'halves' | 'all';
  power: 1 | 2;
  margin: number;
  positiveShare: number;
  batchSize: number;
  partSize: number;
  outShare: number;
  outEvery: number;
  similarRatio: number;
  learningRate: number;
  weightDecay: number;
  /** Epochs after which the learning rate falls to a tenth. */
  decayAfter: number[];
  epochs: number;
  /** Steps in an epoch; 0: as many as the known images give. */
  stepsPerEpoch: number;
  checkpointEvery: number;
  /** Most images of a set that are embedded, for the class means and for the test; 0: all. */
  evaluateAtMost: number;
  noiseImages: number;
  /** Test images whose embedding is kept after each epoch, for the report; 0: none. */
  trackedImages: number;
}

/** The numbers of the paper (BMVC 2018) and its released code. */
const paper: Config = {
  data: 'real',
  in: 'cifar10',
  seen: 'svhn',
  seed: 1,
  backend: 'wasm',
  width: 1,
  embeddingSize: 10,
  batchNorm: false,
  dropout: 0.2,
  loss: 'odm',
  pairs: 'halves',
  power: 1,
  margin: 10,
  positiveShare: 0.5,
  batchSize: 1024,
  partSize: 64,
  outShare: 0.25,
  outEvery: 2,
  similarRatio: 0.25,
  learningRate: 1e-4,
  weightDecay: 1e-4,
  decayAfter: [150, 2250],
  epochs: 3000,
  stepsPerEpoch: 0,
  checkpointEvery: 1,
  evaluateAtMost: 0,
  noiseImages: 10_000,
  trackedImages: 1000,
};

/** Minutes on two cores: a quarter of the width, batch norm, all pairs of a small batch. */
const quick: Config = {
  ...paper,
  width: 0.25,
  batchNorm: true,
  dropout: 0,
  pairs: 'all',
  power: 2,
  positiveShare: 0.3,
  batchSize: 64,
  outEvery: 1,
  learningRate: 1e-3,
  decayAfter: [19],
  epochs: 24,
  stepsPerEpoch: 25,
  noiseImages: 1000,
};

/** A minute, for the drawn images. */
const drawn: Config = {
  ...quick,
  data: 'drawn',
  in: 'digits',
  seen: 'shapes',
  width: 0.125,
  epochs: 30,
  decayAfter: [22],
  noiseImages: 500,
};

export const presets = { paper, quick, drawn } as const;
export type PresetName = keyof typeof presets;

type Limit = readonly [smallest: number, largest: number, whole?: 'whole'];
const LIMITS: Partial<Record<keyof Config, Limit>> = {
  seed: [0, Number.MAX_SAFE_INTEGER, 'whole'],
  width: [0.01, 4],
  embeddingSize: [1, 4096, 'whole'],
  dropout: [0, 0.99],
  margin: [1e-6, 1e6],
  positiveShare: [0, 1],
  batchSize: [2, 65_536, 'whole'],
  partSize: [1, 65_536, 'whole'],
  outShare: [0, 0.5],
  outEvery: [0, 1e6, 'whole'],
  similarRatio: [0, 1],
  learningRate: [0, 10],
  weightDecay: [0, 10],
  epochs: [0, 1e6, 'whole'],
  stepsPerEpoch: [0, 1e9, 'whole'],
  checkpointEvery: [1, 1e6, 'whole'],
  evaluateAtMost: [0, 1e9, 'whole'],
  noiseImages: [1, 1e6, 'whole'],
  trackedImages: [0, 20_000, 'whole'],
};
const CHOICES: Partial<Record<keyof Config, readonly (string | number)[]>> = {
  backend: ['wasm', 'cpu'],
  loss: ['odm', 'contrastive'],
  pairs: ['halves', 'all'],
  power: [1, 2],
};

/** Throws on the first value that no run could mean. */
export function checkConfig(config: Config): Config {
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new ArgumentError({ where: 'experiment', what, expected, received: JSON.stringify(received) });
  };
  for (const [key, limit] of Object.entries(LIMITS)) {
    const value = config[key as keyof Config];
    const [smallest, largest, whole] = limit;
    const right = typeof value === 'number' && value >= smallest && value <= largest;
    if (!right || (whole && !Number.isInteger(value))) {
      refuse(`--${flagOf(key)}`, `${whole ? 'a whole number' : 'a number'} from ${smallest} to ${largest}`, value);
    }
  }
  for (const [key, choices] of Object.entries(CHOICES)) {
    const value = config[key as keyof Config];
    if (!choices.includes(value as string | number)) refuse(`--${flagOf(key)}`, `one of ${choices.join(', ')}`, value);
  }
  if (config.decayAfter.some((epoch) => !Number.isInteger(epoch) || epoch < 1)) {
    refuse('--decay-after', 'epochs, whole numbers from 1', config.decayAfter);
  }
  if (config.data === 'real') {
    const sets = ['cifar10', 'svhn'];
    if (!sets.includes(config.in)) refuse('--in', `one of ${sets.join(', ')}`, config.in);
    if (!sets.includes(config.seen)) refuse('--seen', `one of ${sets.join(', ')}`, config.seen);
    if (config.in === config.seen) refuse('--seen', 'another set than --in', config.seen);
  }
  return config;
}

/** `batchSize` -> `batch-size` */
export const flagOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
