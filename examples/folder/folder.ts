import { ArgumentError, FormatError, seededRandom } from 'tfjs-ood';
import type { LabeledImages } from 'tfjs-ood/datasets';
import { readClassFolders, type ClassFoldersOptions, type SkippedFile } from 'tfjs-ood/node';
import type { ExperimentByOptions, Headline, RunOptions, Sets, StrangeSet, Training } from '../runner/experiment';
import { readGiven } from '../runner/given-folder';
import { smallNetwork } from '../runner/networks';
import { gaussianNoise } from '../runner/noise';
import { takeRows } from '../runner/take-rows';

/** Most pixels along a side where nobody chose: the network's work grows with their square. */
const LARGEST = 64;

interface Options extends RunOptions {
  novel?: string;
  anomaly?: string;
  skipBad?: boolean;
  size?: number;
}

/** The rows of a set whose numbers or labels are wanted. */
const rowsWhere = (set: LabeledImages, isWanted: (row: number, label: number) => boolean): LabeledImages =>
  takeRows(
    set,
    Array.from(set.labels.keys()).filter((row) => isWanted(row, set.labels[row]!)),
  );

/** Some rows of a set, drawn by a seed: a share of each class, at least one. Each has two at least. */
function divide(set: LabeledImages, share: number, seed: number): [rest: LabeledImages, taken: LabeledImages] {
  const isTaken = new Uint8Array(set.shape[0]);
  for (const label of new Set(set.labels)) {
    const rows = Array.from(set.labels.keys()).filter((row) => set.labels[row] === label);
    const order = seededRandom(seed, 61, label).permutation(rows.length);
    order.subarray(0, Math.max(1, Math.round(share * rows.length))).forEach((i) => (isTaken[rows[i]!] = 1));
  }
  return [rowsWhere(set, (row) => isTaken[row] === 0), rowsWhere(set, (row) => isTaken[row] === 1)];
}

const training: Training = {
  network: smallNetwork([24, 48, 64, 96]),
  embeddingSize: 10,
  batchSize: 64,
  outShare: 0.25,
  similarShare: 0.25,
  epochs: 10,
  stepsPerEpoch: 100,
  learningRate: 1e-3,
  augment: { shift: 2, brightness: 0.1, contrast: 0.3 },
  margin: 10,
  positiveShare: 0.5,
  outWeight: 0.5,
};

const headline: Headline = {
  name: 'folder',
  title: 'Your own folders: known classes, novelty and anomaly',
  seeds: 3,
  example: '--data photos/known --novel photos/novel --anomaly photos/other --size 32',
  training,
};

/** What can only be divided has two images at least. */
function checkCounts(option: string, { labels }: LabeledImages, names: readonly string[]): void {
  const counts = names.map((_, label) => labels.filter((own) => own === label).length);
  const single = counts.findIndex((count) => count === 1);
  if (single < 0) return;
  const expected = 'two images of each class, to train with and to test with';
  throw new ArgumentError('folder', option, expected, `one of class ${names[single]}`);
}

/** Images of several sizes: the option that makes them one is `--size` here. */
function byItsOption(option: string, error: unknown): unknown {
  if (!(error instanceof FormatError) || !error.details.expected.includes('(or give a size)')) return error;
  const { what, expected, received } = error.details;
  return new FormatError('folder', `${option}: ${what}`, expected.replace('give a size', 'give --size 32'), received);
}

async function load(data: string, novelFolder: string, { anomaly: anomalyFolder, skipBad, size: side }: Options) {
  let skipped: SkippedFile[] = [];
  let ignored: string[] = [];
  const read = async (option: string, path: string, sizes: Pick<ClassFoldersOptions, 'size' | 'resize'>) => {
    const options = { ...sizes, skipBad: skipBad === true, flat: option !== '--data' };
    const found = await readGiven('folder', option, path, () => readClassFolders(path, options)).catch(
      (error: unknown) => {
        throw sizes.size ? error : byItsOption(option, error);
      },
    );
    skipped = [...skipped, ...found.skipped];
    ignored = [...ignored, ...found.ignored];
    return found;
  };
  const known = await read('--data', data, side === undefined ? {} : { size: [side, side] });
  const [, height, width] = known.shape;
  if (side === undefined && Math.max(height, width) > LARGEST) {
    const expected = `given where images are larger than ${LARGEST} x ${LARGEST}`;
    throw new ArgumentError('folder', '--size', expected, `images of ${height} x ${width}`);
  }
  const sizes = { size: [height, width], resize: side !== undefined } as const;
  const novel = await read('--novel', novelFolder, sizes);
  const anomaly = anomalyFolder === undefined ? undefined : await read('--anomaly', anomalyFolder, sizes);
  checkCounts(`--data ${data}`, known, known.classNames);
  checkCounts(`--novel ${novelFolder}`, novel, novel.classNames);
  const [train, test] = divide(known, 0.2, 1);
  // Of each novel class half is seen in training where there is one class only; of several, the classes are divided.
  const classes = novel.classNames.length;
  const isSeen = (label: number) => classes > 1 && label < Math.floor(classes / 2);
  const ofNovel = (seen: boolean) => rowsWhere(novel, (_, label) => isSeen(label) === seen);
  const [seenTrain, seenTest] = divide(classes > 1 ? ofNovel(true) : ofNovel(false), classes > 1 ? 0.2 : 0.5, 2);
  const out: StrangeSet[] = [
    { name: 'novel, seen', kind: 'novelty', seen: true, images: seenTest },
    ...(classes > 1 ? [{ name: 'novel', kind: 'novelty', seen: false, images: ofNovel(false) } as const] : []),
    ...(anomaly ? [{ name: 'anomaly', kind: 'anomaly', seen: false, images: anomaly } as const] : []),
    {
      name: 'noise',
      kind: 'anomaly',
      seen: false,
      images: gaussianNoise(500, [height, width, 3], seededRandom(1, 60)),
    },
  ];
  const notes = [
    ...skipped.map(({ file, reason }) => `Skipped ${file}: ${reason}`),
    ...(skipped.length > 0 ? [`Skipped: ${skipped.length} files.`] : []),
    ...(ignored.length > 0 ? [`Not looked at: ${ignored.length} files, ${ignored[0]} for one.`] : []),
    ...(classes > 1
      ? [
          `Seen in training: ${novel.classNames.filter((_, label) => isSeen(label)).join(', ')}; the other novel classes were not.`,
        ]
      : ['One novel class only: half of it is seen in training, so there is no unseen novelty.']),
  ];
  return { known: { train, test, classNames: known.classNames }, seenTrain, out, notes } satisfies Sets;
}

/** Any images: class folders are known; folders of novel and of other images are unknown. */
export const folder: ExperimentByOptions = {
  ...headline,
  choose: (options: Options) => {
    const { data, novel, anomaly, size } = options;
    if (data === undefined || novel === undefined) {
      const what = data === undefined ? '--data' : '--novel';
      throw new ArgumentError('folder', what, 'a folder of class folders', 'none');
    }
    const about = { data, novel, ...(anomaly !== undefined && { anomaly }), ...(size !== undefined && { size }) };
    return Promise.resolve({ ...headline, training, about, load: () => load(data, novel, options) });
  },
};
