import { seededRandom } from '../../core/random';
import { indexOfLargest } from '../../scorers/contract/logit-scores';
import type { Rows } from '../../scorers/contract/rows';
import type { Head } from '../../scorers/contract/scorer';
import { pickRows, type KnownBlock } from '../known/known-rows';
import type { Trial, TrialRows, Unknown } from './trial';

/** Fewest rows of which an interval can be told, of a class and of what is left. */
const FEWEST = 2;

/** Known rows in two parts: those that fit, and those that fit nothing. */
export interface KnownParts {
  fit: TrialRows;
  held: TrialRows;
  head: Head | undefined;
}

/** These rows of a block. */
const rowsOf = ({ features, logits, labels }: KnownBlock, rows: readonly number[]): KnownBlock => ({
  ...(features && { features: pickRows(features, rows) }),
  ...(logits && { logits: pickRows(logits, rows) }),
  ...(labels && { labels: Int32Array.from(rows, (row) => labels[row]!) }),
});

/**
 * Whether labels are columns of the logits: they could be, and the largest logit of a row is its label's at least half
 * as often as the best column of each label is. Labels of somebody's own classes are none.
 */
function areColumns({ labels, logits }: KnownBlock, columns: number): boolean {
  if (!labels!.every((label) => label < columns)) return false;
  if (!logits) return true;
  const counts = Array.from({ length: columns }, () => new Int32Array(columns)); // of label and column
  labels!.forEach((label, row) => {
    counts[label]![indexOfLargest(logits.data.subarray(row * columns, (row + 1) * columns))]!++;
  });
  const right = counts.reduce((sum, row, label) => sum + row[label]!, 0);
  return right >= 0.5 * counts.reduce((sum, row) => sum + Math.max(...row), 0);
}

/** A matrix [N, C] without one of its columns. */
function withoutColumn(data: Float32Array, columns: number, column: number): Float32Array {
  return data.filter((_, at) => at % columns !== column);
}

function withoutClass({ features, logits, labels }: KnownBlock, column: number): KnownBlock {
  const cut = ({ data, shape: [count, columns] }: Rows): Rows => ({
    data: withoutColumn(data, columns, column),
    shape: [count, columns - 1],
  });
  return {
    ...(features && { features }),
    ...(logits && { logits: cut(logits) }),
    ...(labels && { labels: labels.map((label) => (label > column ? label - 1 : label)) }),
  };
}

const headWithout = ({ weights, bias, shape: [size, columns] }: Head, column: number): Head => ({
  weights: withoutColumn(weights, columns, column),
  bias: bias.filter((_, at) => at !== column),
  shape: [size, columns - 1],
});

/** The rows that a test is true for, with which rows they are. */
function where({ rows, ids }: TrialRows, holds: (label: number) => boolean): TrialRows {
  const own = Array.from(ids.keys()).filter((at) => holds(rows.labels![at]!));
  return { rows: rowsOf(rows, own), ids: Int32Array.from(own, (at) => ids[at]!) };
}

/** Rows of one kind, one after the other. */
function joined(first: TrialRows, second: TrialRows): TrialRows {
  const both = (name: 'features' | 'logits'): Rows | undefined => {
    const [a, b] = [first.rows[name], second.rows[name]];
    if (!a || !b) return undefined;
    const data = new Float32Array(a.data.length + b.data.length);
    data.set(a.data);
    data.set(b.data, a.data.length);
    return { data, shape: [a.shape[0] + b.shape[0], a.shape[1]] };
  };
  const [features, logits] = [both('features'), both('logits')];
  const numbers = (a: Int32Array, b: Int32Array): Int32Array => {
    const all = new Int32Array(a.length + b.length);
    all.set(a);
    all.set(b, a.length);
    return all;
  };
  const labels = numbers(first.rows.labels!, second.rows.labels!);
  return {
    rows: { ...(features && { features }), ...(logits && { logits }), labels },
    ids: numbers(first.ids, second.ids),
  };
}

/** Classes of which each can be left out: it has rows, and so have the others. */
function classesToLeaveOut({ fit, held }: KnownParts): number[] {
  const { labels: ofFit } = fit.rows;
  const { labels: ofHeld } = held.rows;
  if (!ofFit || !ofHeld) return [];
  const all = [...ofFit, ...ofHeld];
  const classes = [...new Set(all)].sort((a, b) => a - b);
  return classes.filter((label) => {
    const isOther = (own: number) => own !== label;
    const own = all.length - all.filter(isOther).length;
    return own >= FEWEST && ofFit.some(isOther) && ofHeld.filter(isOther).length >= FEWEST;
  });
}

/**
 * One trial for each of at most `most` classes: scorers are fitted without its rows, and its rows are the unknown.
 * Where labels are columns of the logits, its column is taken out of logits and head: with it the model would name the
 * class, and be sure. The features still know it.
 */
export function leftOutClasses(parts: KnownParts, most: number, seed: number): Unknown | undefined {
  const able = classesToLeaveOut(parts);
  if (able.length === 0) return undefined;
  const { fit, held, head } = parts;
  const drawn = Array.from(seededRandom(seed, 62).permutation(able.length).subarray(0, most), (at) => able[at]!);
  const columns = fit.rows.logits?.shape[1] ?? head?.shape[1] ?? 0;
  const isColumn = areColumns(fit.rows, columns) && [...held.rows.labels!].every((label) => label < columns);
  const isCut = isColumn && columns > 2; // one column has nothing to choose
  const trials = drawn
    .sort((a, b) => a - b)
    .map((label): Trial => {
      const isOwn = (other: number) => other === label;
      const isOther = (other: number) => other !== label;
      const [known, inside] = [where(fit, isOther), where(held, isOther)];
      const outside = joined(where(fit, isOwn), where(held, isOwn));
      const of = ({ rows, ids }: TrialRows): TrialRows => ({ rows: isCut ? withoutClass(rows, label) : rows, ids });
      return {
        fit: of(known).rows,
        head: isCut && head ? headWithout(head, label) : head,
        inside: of(inside),
        outside: of(outside),
        missing: `without class ${label}`,
      };
    });
  const some =
    drawn.length < able.length
      ? `${drawn.length} of ${able.length} classes, drawn by seed ${seed}`
      : 'each class in turn';
  const ofLogits = isCut
    ? 'its logit is taken out'
    : columns > 0
      ? `its logit stays (${isColumn ? 'there are two columns' : 'labels are no columns of the logits'})`
      : 'there are no logits';
  return {
    name: 'leave-one-class-out',
    isProxy: true,
    about: `${some}: the scorer never saw the class, ${ofLogits}, but the model was trained on it`,
    trials,
  };
}
