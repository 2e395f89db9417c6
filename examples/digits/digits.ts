import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { seededRandom } from 'tfjs-ood';
import { readMnist, type ImageSet, type LabelledImages } from 'tfjs-ood/datasets';
import { loadMnist, nodeInflate } from 'tfjs-ood/node';
import { classesOf } from '../runner/classes-of';
import type { Experiment, ExperimentByOptions, RunOptions } from '../runner/experiment';
import { smallNetwork } from '../runner/networks';
import { gaussianNoise, uniformNoise } from '../runner/noise';

/** Fixed, and not chosen by results: the first six digits, the next two, the last two. */
const KNOWN = [0, 1, 2, 3, 4, 5];
const SEEN = [6, 7];
const NOVEL = [8, 9];

/** Digits: are an 8 and a 9 told from 0 to 5, when 6 and 7 were seen as unknown? And clothes, and noise? */
export const digits: Experiment = {
  name: 'digits',
  title: 'MNIST: 0 to 5 known, 6 and 7 seen as OoD, 8 and 9 novel; Fashion-MNIST and noise are anomalies',
  seeds: 5,
  training: {
    network: smallNetwork([24, 48, 64, 96]),
    embeddingSize: 3,
    batchSize: 128,
    outShare: 0.25,
    similarRatio: 0.25,
    epochs: 10,
    stepsPerEpoch: 80,
    learningRate: 1e-3,
    margin: 10,
    positiveShare: 0.5,
    outWeight: 0.5,
  },
  async load(folder = 'data') {
    const mnist = await loadMnist(join(folder, 'mnist'));
    const fashionFile = (name: string) => readFile(join(folder, 'fashion-mnist', `t10k-${name}-ubyte.gz`));
    const fashion = await readMnist(await fashionFile('images-idx3'), await fashionFile('labels-idx1'), {
      inflate: nodeInflate,
    });
    const noise = gaussianNoise(2000, [28, 28, 1], seededRandom(1, 60));
    const set = (name: string, kind: 'novelty' | 'anomaly', seen: boolean, images: ImageSet | LabelledImages) => ({
      name,
      kind,
      seen,
      images,
    });
    return {
      known: {
        train: classesOf(mnist.train, KNOWN),
        test: classesOf(mnist.test, KNOWN),
        classNames: KNOWN.map(String),
      },
      seenTrain: classesOf(mnist.train, SEEN),
      out: [
        set('6 and 7', 'novelty', true, classesOf(mnist.test, SEEN)),
        set('8 and 9', 'novelty', false, classesOf(mnist.test, NOVEL)),
        set('Fashion-MNIST', 'anomaly', false, fashion),
        set('noise', 'anomaly', false, noise),
      ],
    };
  },
};

/** What noise among the seen OoD images does to noise of another kind in the test. */
function withNoiseSeen(count: number): Experiment {
  return {
    ...digits,
    name: 'digits-noise-seen',
    title: `${digits.title}; ${count} images of uniform noise seen`,
    about: { noiseSeen: count },
    async load(folder) {
      const sets = await digits.load(folder);
      const noise = uniformNoise(count, [28, 28, 1], seededRandom(1, 61));
      const { images, shape } = sets.seenTrain;
      const both = new Uint8Array(images.length + noise.images.length);
      both.set(images);
      both.set(noise.images, images.length);
      return { ...sets, seenTrain: { images: both, shape: [shape[0] + count, 28, 28, 1] } };
    },
  };
}

export const digitsByOptions: ExperimentByOptions = {
  name: digits.name,
  title: digits.title,
  seeds: digits.seeds,
  choose: ({ noiseSeen }: RunOptions & { noiseSeen?: number }) =>
    Promise.resolve(noiseSeen === undefined ? digits : withNoiseSeen(noiseSeen)),
};
