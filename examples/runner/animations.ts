import { join } from 'node:path';
import { ClassMeans, nearestClassMean } from 'tfjs-ood';
import { auroc, classAccuracy } from 'tfjs-ood/metrics';
import { writeAnimations } from 'tfjs-ood/node';
import type { Animation, EmbeddingRows } from 'tfjs-ood/report';
import { testSets, type Sets } from './experiment';
import type { Tracked } from './history';
import type { Method } from './methods';

/** What the tracked images say of one epoch: distances to the class means of the tracked training images. */
async function numbersOf(
  training: { labels: Int32Array; embeddings: EmbeddingRows },
  embeddings: Readonly<Record<string, EmbeddingRows>>,
  [known, ...out]: readonly string[],
  labels: readonly number[],
): Promise<{ accuracy: number; aurocs: Readonly<Record<string, number>> }> {
  const means = new ClassMeans();
  await means.add(rowsOf(training.embeddings), training.labels);
  const scorer = nearestClassMean().of(means);
  try {
    const found = await scorer.classify({ features: rowsOf(embeddings[known!]!) });
    const aurocs: Record<string, number> = {};
    for (const name of out) {
      aurocs[name] = auroc(found.scores, await scorer.score({ features: rowsOf(embeddings[name]!) }));
    }
    return { accuracy: classAccuracy(found.labels, labels), aurocs };
  } finally {
    scorer.dispose();
  }
}

const rowsOf = ({ data, shape }: EmbeddingRows) => ({ data, shape: [...shape] as [number, number] });

/** What the animations of a training show; where it saw no OoD image, the sets that others saw are left out. */
export async function animationOf(method: Method, sets: Sets, { history, training }: Tracked): Promise<Animation> {
  const out = sets.out.filter(({ seen }) => method.seesOod || !seen);
  const [known] = testSets(sets);
  const names = [known!.name, ...out.map(({ name }) => name)];
  const labels = Array.from(history.rows[known!.name]!, (row) => sets.known.test.labels[row]!);
  const numbers = new Map<number, Awaited<ReturnType<typeof numbersOf>>>();
  for (const [i, { epoch, embeddings }] of history.epochs.entries()) {
    const own = { labels: training!.labels, embeddings: training!.epochs[i]! };
    numbers.set(epoch, await numbersOf(own, embeddings, names, labels));
  }
  return {
    name: method.title,
    known: known!.name,
    epochs: history.epochs.map(({ epoch, embeddings }) => {
      return { epoch, embeddings: Object.fromEntries(names.map((name) => [name, embeddings[name]!])) };
    }),
    caption: (set, epoch) => {
      const { accuracy, aurocs } = numbers.get(epoch)!;
      const isSeen = out.some(({ name, seen }) => name === set && seen);
      return `accuracy ${accuracy.toFixed(2)}, AUROC ${aurocs[set]!.toFixed(2)}${isSeen ? ' (seen)' : ''}`;
    },
  };
}

/** Writes `animations/<method>-<set>.gif`; returns the files. */
export const animate = async (path: string, method: Method, sets: Sets, tracked: Tracked): Promise<string[]> =>
  writeAnimations(join(path, 'animations'), await animationOf(method, sets, tracked));
