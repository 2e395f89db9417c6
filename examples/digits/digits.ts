import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { OOD_LABEL, seededRandom } from 'tfjs-ood';
import { concatImages, readMnist, type ImageSet, type LabeledImages } from 'tfjs-ood/datasets';
import { loadMnist, nodeInflate } from 'tfjs-ood/node';
import { classesOf } from '../runner/classes-of';
import type { Experiment, ExperimentByOptions, RunOptions, Sets } from '../runner/experiment';
import { readGiven } from '../runner/given-folder';
import { smallNetwork } from '../runner/networks';
import { gaussianNoise, uniformNoise } from '../runner/noise';

/** Fixed, and not chosen by results: the first six digits, the next two, the last two. */
const KNOWN = [0, 1, 2, 3, 4, 5];
const SEEN = [6, 7];
const NOVEL = [8, 9];

const NEEDED =
  'a folder with mnist (train-images-idx3-ubyte.gz, ...) and fashion-mnist (t10k-images-idx3-ubyte.gz, ...)';

/** `noiseSeen`: images of uniform noise among the seen ones, of another kind than the noise of the test. */
async function load(folder = 'data', noiseSeen = 0): Promise<Sets> {
  const fashionFile = (name: string) => readFile(join(folder, 'fashion-mnist', `t10k-${name}-ubyte.gz`));
  const read = async () => {
    const mnist = await loadMnist(join(folder, 'mnist'));
    const [images, labels] = [await fashionFile('images-idx3'), await fashionFile('labels-idx1')];
    return { mnist, fashion: await readMnist(images, labels, { inflate: nodeInflate }) };
  };
  const { mnist, fashion } = await readGiven('experiment', '--data', folder, read, NEEDED);
  const seenNoise = {
    ...uniformNoise(noiseSeen, [28, 28, 1], seededRandom(1, 61)),
    labels: new Int32Array(noiseSeen).fill(OOD_LABEL),
  };
  const noise = gaussianNoise(2000, [28, 28, 1], seededRandom(1, 60));
  const set = (name: string, kind: 'novelty' | 'anomaly', seen: boolean, images: ImageSet | LabeledImages) => ({
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
    seenTrain: concatImages([classesOf(mnist.train, SEEN), seenNoise]),
    out: [
      set('6 and 7', 'novelty', true, classesOf(mnist.test, SEEN)),
      set('8 and 9', 'novelty', false, classesOf(mnist.test, NOVEL)),
      set('Fashion-MNIST', 'anomaly', false, fashion),
      set('noise', 'anomaly', false, noise),
    ],
  };
}

/** Digits: are an 8 and a 9 told from 0 to 5, when 6 and 7 were seen as unknown? And clothes, and noise? */
export const digits: Experiment = {
  name: 'digits',
  title: 'MNIST: 0 to 5 known, 6 and 7 seen as OoD, 8 and 9 novel; Fashion-MNIST and noise are anomalies',
  seeds: 5,
  example: '--data data --seeds 1 --methods odm,cross-entropy',
  training: {
    network: smallNetwork([24, 48, 64, 96]),
    embeddingSize: 3,
    batchSize: 128,
    outShare: 0.25,
    similarShare: 0.25,
    epochs: 10,
    stepsPerEpoch: 80,
    learningRate: 1e-3,
    margin: 10,
    positiveShare: 0.5,
    outWeight: 0.5,
  },
  load: (folder) => load(folder),
};

/** What noise among the seen OoD images does to noise of another kind in the test. */
function withNoiseSeen(count: number): Experiment {
  return {
    ...digits,
    name: 'digits-noise-seen',
    title: `${digits.title}; ${count} images of uniform noise seen`,
    about: { noiseSeen: count },
    load: (folder) => load(folder, count),
  };
}

export const digitsByOptions: ExperimentByOptions = {
  name: digits.name,
  title: digits.title,
  seeds: digits.seeds,
  example: digits.example,
  training: digits.training,
  choose: ({ noiseSeen }: RunOptions & { noiseSeen?: number }) =>
    Promise.resolve(noiseSeen === undefined ? digits : withNoiseSeen(noiseSeen)),
};
