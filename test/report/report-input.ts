import { seededRandom } from 'tfjs-ood';
import { evaluate } from 'tfjs-ood/metrics';
import type { Report, ReportSet } from 'tfjs-ood/report';

/** A set of `count` made-up images of 3 classes; `away` moves embeddings and scores. */
export function makeSet(
  name: string,
  count: number,
  away: number,
  size = 5,
): Required<Omit<ReportSet, 'probabilities' | 'sentence' | 'falseAlarms' | 'found'>> {
  const random = seededRandom(9, away);
  const data = Float32Array.from({ length: count * size }, () => random.normal() + away);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  return {
    name,
    scores: Float32Array.from({ length: count }, () => Math.abs(random.normal()) + away),
    labels,
    nearest: labels.map((label, i) => (i % 5 === 0 ? (label + 1) % 3 : label)),
    embeddings: { data, shape: [count, size] },
    images: {
      images: Uint8Array.from({ length: count * 8 * 8 * 3 }, () => random.integer(256)),
      shape: [count, 8, 8, 3],
    },
  };
}

/** A report of a known set and two OoD sets, with five epochs of history. */
export function makeReport({ names = ['known', 'near', 'far'], size = 5, count = 90, history = true } = {}): Report {
  const [known, ...out] = names.map((name, i) => makeSet(name, i === 0 ? count : count / 3, i, size));
  const rows = Int32Array.of(0, 3, 7, 11);
  const epochs = Array.from({ length: 5 }, (_, i) => ({
    epoch: i + 1,
    embeddings: Object.fromEntries(names.map((name, k) => [name, makeSet(name, 4, k + 10 * i, size).embeddings])),
  }));
  return {
    title: 'A <report> & its title',
    evaluation: evaluate(
      { in: known!.scores, out: Object.fromEntries(out.map(({ name, scores }) => [name, scores])) },
      { accuracy: 0.8 },
    ),
    known: known!,
    out: out.map(({ name, scores, nearest, embeddings, images }) => ({ name, scores, nearest, embeddings, images })),
    classNames: ['cat', 'dog', 'owl'],
    ...(history && { history: { rows: Object.fromEntries(names.map((name) => [name, rows])), epochs } }),
    about: { seed: 1 },
  };
}

/** A picture file of nothing, where the pixels do not matter. */
export const noPicture = () => Promise.resolve({ mime: 'image/webp', bytes: Uint8Array.of(1, 2, 3) });
