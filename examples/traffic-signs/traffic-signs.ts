import { join } from 'node:path';
import { ArgumentError, seededRandom } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { loadGtsrb, readImageList } from 'tfjs-ood/node';
import { classesOf } from '../runner/classes-of';
import { evenContrast } from '../runner/even-contrast';
import type {
  Experiment,
  ExperimentByOptions,
  Headline,
  RunOptions,
  Sets,
  StrangeSet,
  Training,
} from '../runner/experiment';
import { readGiven } from '../runner/given-folder';
import { normedNetwork } from '../runner/networks';
import { gaussianNoise } from '../runner/noise';
import { fourths, tsinghuaSets } from './tsinghua';

/**
 * Fixed, and not chosen by results: of each four classes, in GTSRB's order, two are known, the third is seen as OoD in
 * training, the fourth is novel. So speed limits, warnings and orders are among each.
 */
export const { known: KNOWN, seen: SEEN, novel: NOVEL } = fourths(43);

/**
 * Of the seen classes, those that are novel in a validation where none are named: a speed limit, a warning, an order.
 */
export const VALIDATION = [2, 18, 34];

export const training: Training = {
  network: normedNetwork([[16], [32, 32], [64, 64], [128]]),
  embeddingSize: 64,
  batchSize: 64,
  outShare: 0.25,
  similarShare: 0.25,
  rowsPerClass: 4,
  epochs: 25,
  stepsPerEpoch: 48,
  learningRate: 6e-3,
  decayAfter: 'cosine',
  augment: { rotate: 12, scale: 0.15, shift: 3, brightness: 0.1, contrast: 0.3 },
  unitLength: true,
  viewShift: 1,
  margin: 0.8,
  positiveShare: 0.3,
  negatives: 'violating',
  outWeight: 0.5,
};

const headline: Headline = {
  name: 'traffic-signs',
  title: 'GTSRB: 22 classes known, 11 seen as OoD, 10 novel; rooms, Tiny ImageNet and noise are anomalies',
  seeds: 3,
  example: '--data data --seeds 1 --methods odm,cross-entropy',
  training,
};

/** Photographs at dusk and at noon become alike; of all sets, so that brightness does not tell them apart. */
const even = (out: readonly StrangeSet[]) => out.map((set) => ({ ...set, images: evenContrast<ImageSet>(set.images) }));

async function anomalies(folder: string): Promise<StrangeSet[]> {
  const pictures = (name: string) => readImageList(join(folder, name), { size: [32, 32] });
  return [
    { name: 'rooms', kind: 'anomaly', seen: false, images: await pictures('rooms') },
    { name: 'Tiny ImageNet', kind: 'anomaly', seen: false, images: await pictures('tiny_imagenet') },
    { name: 'noise', kind: 'anomaly', seen: false, images: gaussianNoise(1000, [32, 32, 3], seededRandom(1, 60)) },
  ];
}

const classNames = KNOWN.map(String);

const NEEDED =
  'a folder with gtsrb (Final_Training/Images/00000, ..., Final_Test/Images/GT-final_test.csv), and rooms and ' +
  'tiny_imagenet (images.txt, images)';

/** The signs, and the anomalies of the same folder. */
const readAll = (folder: string) =>
  readGiven(
    'experiment',
    '--data',
    folder,
    async () => ({ ...(await loadGtsrb(folder)), others: await anomalies(folder) }),
    NEEDED,
  );

async function load(folder = 'data'): Promise<Sets> {
  const { train, test, others } = await readAll(folder);
  const signs: StrangeSet[] = [
    { name: 'seen signs', kind: 'novelty', seen: true, images: classesOf(test, SEEN) },
    { name: 'novel signs', kind: 'novelty', seen: false, images: classesOf(test, NOVEL) },
  ];
  return {
    known: { train: evenContrast(classesOf(train, KNOWN)), test: evenContrast(classesOf(test, KNOWN)), classNames },
    seenTrain: evenContrast(classesOf(train, SEEN)),
    out: even([...signs, ...others]),
  };
}

/**
 * For choices, from the training images alone: some classes that are seen otherwise are novel, and every sixth sign of
 * the known classes (all its photographs) is for testing. No test image, and no novel class, is looked at.
 */
async function loadValidation(novel: readonly number[], folder = 'data'): Promise<Sets> {
  const { train, tracks, others } = await readAll(folder);
  const signsOf = new Map<number, number[]>();
  tracks.forEach((track, row) => {
    const signs = signsOf.get(train.labels[row]!) ?? [];
    if (signs.at(-1) !== track) signs.push(track);
    signsOf.set(train.labels[row]!, signs);
  });
  const held = new Set([...signsOf.values()].flatMap((signs) => signs.filter((_, i) => i % 6 === 2)));
  const isHeld = (row: number) => held.has(tracks[row]!);
  return {
    known: {
      train: evenContrast(classesOf(train, KNOWN, (row) => !isHeld(row))),
      test: evenContrast(classesOf(train, KNOWN, isHeld)),
      classNames,
    },
    seenTrain: evenContrast(
      classesOf(
        train,
        SEEN.filter((label) => !novel.includes(label)),
      ),
    ),
    out: even([
      { name: `classes ${novel.join(', ')}`, kind: 'novelty', seen: false, images: classesOf(train, novel) },
      ...others,
    ]),
  };
}

/** What the command line gives besides the options of every experiment. */
interface Options extends RunOptions {
  in?: 'gtsrb' | 'tsinghua';
  leastSigns?: number;
  validate?: readonly number[];
}

function chosen({ in: inside = 'gtsrb', leastSigns = 100, validate }: Options): Experiment {
  if (validate && inside !== 'gtsrb')
    throw new ArgumentError('experiment', '--validate', 'given with --in gtsrb', inside);
  if (inside === 'tsinghua') {
    return {
      ...headline,
      name: 'traffic-signs-tsinghua',
      title:
        'Tsinghua-Tencent 100K: half of the classes known, a quarter seen as OoD, a quarter novel; background is the anomaly',
      training,
      about: { leastSigns },
      load: (folder = 'data') => tsinghuaSets(folder, leastSigns),
    };
  }
  if (!validate) return { ...headline, training, load };
  return {
    ...headline,
    name: 'traffic-signs-validation',
    title: `Validation: of the seen classes ${validate.join(', ')} are novel, every sixth known sign is a test`,
    training,
    about: { validate },
    load: (folder) => loadValidation(validate, folder),
  };
}

/** Traffic signs: are signs of classes that nobody showed it told from the known ones? And pictures of no sign? */
export const trafficSigns: ExperimentByOptions = {
  ...headline,
  choose: (options: Options) => Promise.resolve().then(() => chosen(options)),
};
