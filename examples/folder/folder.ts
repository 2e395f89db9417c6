import { ArgumentError, seededRandom } from 'tfjs-ood';
import type { LabelledImages } from 'tfjs-ood/datasets';
import { readClassFolders, type SkippedFile } from 'tfjs-ood/node';
import type { Experiment, StrangeSet } from '../runner/experiment';
import { smallNetwork } from '../runner/networks';
import { gaussianNoise } from '../runner/noise';

/** Some rows of a set, drawn by a seed: a share of each class, at least one. */
function divide(set: LabelledImages, share: number, seed: number): [rest: LabelledImages, taken: LabelledImages] {
  const [count, ...size] = set.shape;
  const each = size[0] * size[1] * size[2];
  const isTaken = new Uint8Array(count);
  for (const label of new Set(set.labels)) {
    const rows = Array.from({ length: count }, (_, row) => row).filter((row) => set.labels[row] === label);
    const order = seededRandom(seed, 61, label).permutation(rows.length);
    order.subarray(0, Math.max(1, Math.round(share * rows.length))).forEach((i) => (isTaken[rows[i]!] = 1));
  }
  const part = (wanted: number): LabelledImages => {
    const rows = Array.from({ length: count }, (_, row) => row).filter((row) => isTaken[row] === wanted);
    const images = new Uint8Array(rows.length * each);
    rows.forEach((row, i) => images.set(set.images.subarray(row * each, (row + 1) * each), i * each));
    return { images, shape: [rows.length, ...size], labels: Int32Array.from(rows, (row) => set.labels[row]!) };
  };
  return [part(0), part(1)];
}

/** Any images: class folders are known; folders of novel and of other images are unknown. */
export const folder: Experiment = {
  name: 'folder',
  title: 'Your own folders: known classes, novelty and anomaly',
  seeds: 3,
  training: {
    network: smallNetwork([24, 48, 64, 96]),
    embeddingSize: 10,
    batchSize: 64,
    outShare: 0.25,
    similarRatio: 0.25,
    steps: 1000,
    learningRate: 1e-3,
    augment: { shift: 2, brightness: 0.1, contrast: 0.3 },
    margin: 10,
    positiveShare: 0.5,
    negatives: 'formed',
    outWeight: 0.5,
  },
  async load(data, options = {}) {
    const text = (name: string) => options[name] as string | undefined;
    if (data === undefined || text('novel') === undefined) {
      const what = data === undefined ? '--data' : '--novel';
      throw new ArgumentError({ where: 'folder', what, expected: 'a folder of class folders', received: 'none' });
    }
    const side = (options.size as number | undefined) ?? 32;
    const skipped: SkippedFile[] = [];
    const read = async (path: string, flat: boolean) => {
      const found = await readClassFolders(path, { size: [side, side], skipBad: options.skipBad === true, flat });
      skipped.push(...found.skipped);
      return found;
    };
    const known = await read(data, false);
    const novel = await read(text('novel')!, true);
    const anomaly = text('anomaly') === undefined ? undefined : await read(text('anomaly')!, true);
    const [train, test] = divide(known, 0.2, 1);
    // Of each novel class half is seen in training where there is one class only; of several, the classes are divided.
    const classes = novel.classNames.length;
    const isSeen = (label: number) => classes > 1 && label < Math.floor(classes / 2);
    const ofNovel = (seen: boolean): LabelledImages => {
      const rows = Array.from(novel.labels.keys()).filter((row) => isSeen(novel.labels[row]!) === seen);
      const each = side * side * 3;
      const images = new Uint8Array(rows.length * each);
      rows.forEach((row, i) => images.set(novel.images.subarray(row * each, (row + 1) * each), i * each));
      const labels = Int32Array.from(rows, (row) => novel.labels[row]!);
      return { images, shape: [rows.length, side, side, 3], labels };
    };
    const [seenTrain, seenTest] = divide(classes > 1 ? ofNovel(true) : ofNovel(false), classes > 1 ? 0.2 : 0.5, 2);
    const out: StrangeSet[] = [
      { name: 'novel, seen', kind: 'novelty', seen: true, images: seenTest },
      ...(classes > 1 ? [{ name: 'novel', kind: 'novelty', seen: false, images: ofNovel(false) } as const] : []),
      ...(anomaly ? [{ name: 'anomaly', kind: 'anomaly', seen: false, images: anomaly } as const] : []),
      { name: 'noise', kind: 'anomaly', seen: false, images: gaussianNoise(500, [side, side, 3], seededRandom(1, 60)) },
    ];
    const notes = [
      ...skipped.map(({ file, reason }) => `Skipped ${file}: ${reason}`),
      ...(skipped.length > 0 ? [`Skipped: ${skipped.length} files.`] : []),
      ...(classes > 1
        ? [
            `Seen in training: ${novel.classNames.filter((_, label) => isSeen(label)).join(', ')}; the other novel classes were not.`,
          ]
        : ['One novel class only: half of it is seen in training, so there is no unseen novelty.']),
    ];
    return { known: { train, test, classNames: known.classNames }, seenTrain, out, notes };
  },
};
