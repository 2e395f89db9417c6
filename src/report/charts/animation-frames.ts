import { seededRandom } from '../../core/random';
import { KIND_COLORS } from '../colors';
import { escapeHtml } from '../words/escape-html';
import { principalComponents, project } from '../points/principal-components';
import type { EmbeddingHistory, EmbeddingRows } from '../report';
import { wellFormedXml } from '../well-formed-xml';

/** The embedding of a training after some epochs, and what the pictures of it say. */
export interface Animation {
  /** Of the method, say: the file names begin with it. */
  name: string;
  /** Which set is the known one; each other one gets an animation. */
  known: string;
  /** The embeddings of the same images after each epoch, by the names of the sets, as of a report's history. */
  epochs: EmbeddingHistory['epochs'];
  /** A second line for each picture, such as the accuracy and the AUROC at the epoch. */
  caption?: (set: string, epoch: number) => string;
}

/** The pictures of a set beside the known one, one an epoch. */
export interface AnimatedSet {
  set: string;
  frames: string[];
}

/** On it both colors stand out, whatever page it lies in: blue 5 to 1, yellow 9 to 1. */
export const BACKGROUND = '#111827';
const TEXT_COLOR = '#f3f4f6';
/** Of the width: the margin around the points, and the height of a line of text above them. */
const [MARGIN, LINE] = [0.02, 1.45 / 26];
/** Of the font's size: as wide as a letter is on average, at most. */
const WIDEST = 0.6;

const places = (rows: EmbeddingRows, flat: (rows: EmbeddingRows) => Float32Array) => ({
  count: rows.shape[0],
  data: flat(rows),
});

/** Two numbers a row: the embedding as it is in two dimensions, else along its first two principal components. */
function planeOf(last: readonly EmbeddingRows[]): { flat: (rows: EmbeddingRows) => Float32Array; axes: string } {
  const size = last[0]!.shape[1];
  if (size === 2) return { flat: ({ data }) => data, axes: '' };
  const all = Float32Array.from(last.flatMap(({ data }) => Array.from(data)));
  const components = principalComponents(all, size, 2);
  const share = components.shares[0]! + components.shares[1]!;
  return {
    flat: ({ data }) => project(data, size, components),
    axes: `two principal components of ${size}-D, ${(100 * share).toFixed(0)} % of the variance`,
  };
}

/** The square in which all but a few of the points of the last epoch lie, of each set as many. */
function windowOf(sets: readonly { count: number; data: Float32Array }[]): { middle: number[]; half: number } {
  const ends = [0, 1].map((k) => {
    const along = sets.map(({ count, data }) =>
      Float32Array.from({ length: count }, (_, i) => data[2 * i + k]!).sort(),
    );
    const at = (share: number, sorted: Float32Array) => sorted[Math.round(share * (sorted.length - 1))]!;
    return [Math.min(...along.map((own) => at(0.01, own))), Math.max(...along.map((own) => at(0.99, own)))] as const;
  });
  const half = Math.max(...ends.map(([low, high]) => (high - low) / 2)) * 1.05;
  return { middle: ends.map(([low, high]) => (low + high) / 2), half: half > 0 ? half : 1 };
}

/** One SVG picture an epoch for each set that is not the known one, all in the same axes: those of the last epoch. */
export function animationFrames({ name, known, epochs, caption }: Animation, width: number): AnimatedSet[] {
  const last = epochs.at(-1)!.embeddings;
  const { flat, axes } = planeOf(Object.values(last));
  const { middle, half } = windowOf(Object.values(last).map((rows) => places(rows, flat)));
  const [head, margin] = [Math.round((axes ? 3.4 : 2.4) * LINE * width), Math.round(MARGIN * width)];
  const [side, radius, font] = [width - 2 * margin, width / 240, width / 26];
  const place = (value: number, k: number) => {
    const share = (0.5 * (value - middle[k]!)) / half + 0.5;
    return Math.min(1, Math.max(0, k === 0 ? share : 1 - share)) * side;
  };
  // A line that is too long is written smaller.
  const fitted = (letters: number) => `font-size="${Math.min(font, side / (WIDEST * letters)).toFixed(1)}"`;
  const text = (line: number, words: string, more = '') =>
    `<text x="${margin}" y="${(line * LINE * width).toFixed(1)}" ${fitted(words.length)} ${more}>${escapeHtml(words)}</text>`;
  const heading = (set: string) =>
    `<text x="${margin}" y="${(LINE * width).toFixed(1)}" ${fitted(1.2 * name.length + known.length + set.length + 9)}><tspan font-weight="bold">${escapeHtml(name)}</tspan>` +
    `<tspan dx="1em" fill="${KIND_COLORS.known}">\u25cf ${escapeHtml(known)}</tspan>` +
    `<tspan dx="1em" fill="${KIND_COLORS.unknown}">\u25cf ${escapeHtml(set)}</tspan></text>`;

  return Object.keys(last)
    .filter((set) => set !== known)
    .map((set) => ({
      set,
      frames: epochs.map(({ epoch, embeddings }) => {
        const dots = [known, set].flatMap((of) => {
          const { count, data } = places(embeddings[of]!, flat);
          const color = of === known ? KIND_COLORS.known : KIND_COLORS.unknown;
          return Array.from({ length: count }, (_, i) => {
            const [x, y] = [place(data[2 * i]!, 0) + margin, place(data[2 * i + 1]!, 1) + head];
            return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(2)}" fill="${color}"/>`;
          });
        });
        // Neither kind covers the other: they are drawn mixed, in the same order in each picture.
        const order = seededRandom(1, 33).permutation(dots.length);
        const lines = [
          heading(set),
          text(2, [epoch === 0 ? 'untrained' : `epoch ${epoch}`, caption?.(set, epoch)].filter(Boolean).join(', ')),
          axes && text(3, axes, 'opacity="0.75"'),
        ];
        return wellFormedXml(
          `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${head + side + margin}" ` +
            `font-family="sans-serif" fill="${TEXT_COLOR}">` +
            `<rect width="100%" height="100%" fill="${BACKGROUND}"/>${lines.join('')}` +
            `<rect x="${margin}" y="${head}" width="${side}" height="${side}" fill="none" stroke="${TEXT_COLOR}" ` +
            `stroke-opacity="0.3"/>${Array.from(order, (i) => dots[i]!).join('')}</svg>`,
        );
      }),
    }));
}
