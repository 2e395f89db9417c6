import type { Training } from './experiment';
import type { Setting } from './settings';

/** The numbers of a training that the command line can change. */
export const trainingSettings = {
  embeddingSize: { says: 'numbers in an embedding', range: [1, 4096, 'whole'] },
  batchSize: { says: 'images in a batch', range: [2, 65_536, 'whole'] },
  partSize: { says: 'images that go through the network at once', range: [1, 65_536, 'whole'] },
  outShare: { says: 'share of OoD images in a batch that has some', range: [0, 0.5] },
  outEvery: { says: 'every how many batches one has OoD images; 0: none has', range: [0, 1e6, 'whole'] },
  similarShare: { says: 'share of positive pairs in a batch', range: [0, 1] },
  pairs: { says: 'pairs in the loss: halves (left half against right half) or all', choices: ['halves', 'all'] },
  power: { says: '1: distances, 2: squared distances in the loss', choices: [1, 2] },
  margin: { says: 'distance beyond which a negative pair costs nothing', range: [1e-6, 1e6] },
  positiveShare: { says: 'share of the positive pairs in the loss of all pairs', range: [0, 1] },
  negatives: {
    says: "the loss's mean is over: formed (all) or violating (nearer than the margin) negative pairs",
    choices: ['formed', 'violating'],
  },
  rowsPerClass: { says: 'images of a class in a batch that is balanced by classes', range: [2, 65_536, 'whole'] },
  outWeight: { says: 'weight of the OoD images in the losses of classifiers', range: [0, 1e6] },
  learningRate: { says: "Adam's learning rate", range: [0, 10] },
  weightDecay: { says: 'weight decay, biases too', range: [0, 10] },
  decayAfter: {
    says: 'numbers of epochs after which the learning rate falls, e.g. 151,2251; or cosine',
    type: 'epochs',
  },
  decayFactor: { says: 'what the learning rate is multiplied by after each of --decay-after', range: [1e-6, 1] },
  unitLength: { says: 'embeddings of length 1, on or off', type: 'switch' },
  viewShift: {
    says: 'pixels between the views of a test image whose outputs are averaged; 0: one view',
    range: [0, 8, 'whole'],
  },
  epochs: { says: 'epochs: a checkpoint after each', range: [0, 1e6, 'whole'] },
  stepsPerEpoch: { says: 'batches in an epoch; 0: all known images once', range: [0, 1e9, 'whole'] },
} satisfies Partial<Record<keyof Training, Setting>>;

/** Settings of a run that are no numbers of its training. */
export const runSettings = {
  seed: {
    says: 'seed of the first training of each method, and of what is drawn',
    range: [0, Number.MAX_SAFE_INTEGER, 'whole'],
  },
  backend: { says: 'wasm, webgpu (needs a graphics card) or cpu', choices: ['wasm', 'webgpu', 'cpu'] },
  evaluateAtMost: { says: 'most images of a set that are evaluated; 0: all', range: [0, 1e9, 'whole'] },
  trackedImages: {
    says: 'test images whose embedding the report shows after each epoch; 0: none',
    range: [0, 20_000, 'whole'],
  },
  printEvery: {
    says: 'every how many epochs a line with loss and speed is printed; 0: none is',
    range: [0, 1e6, 'whole'],
  },
} satisfies Record<string, Setting>;
