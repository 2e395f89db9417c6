import { FormatError } from '../../core/errors';
import type { ScorerState } from './scorer';
import { tensorOf } from './scorer-state';

/** Class means [C, D] of a saved scorer, and the class of each. @throws FormatError */
export function savedMeans(where: string, state: ScorerState) {
  const labels = tensorOf(where, state, 'labels', 'I32', [undefined]);
  const means = tensorOf(where, state, 'means', 'F64', [labels.data.length, undefined]);
  const [classes, size] = means.shape as [number, number];
  if (!(classes >= 1 && size >= 1)) {
    throw new FormatError(where, 'state.tensors.means', '[C, D], both from 1', `[${classes}, ${size}]`);
  }
  const wrong = labels.data.findIndex((label, c) => label < 0 || labels.data.indexOf(label) !== c);
  if (wrong >= 0) {
    const received = `${labels.data[wrong]} at index ${wrong}`;
    throw new FormatError(where, 'state.tensors.labels', 'class indices from 0, once each', received);
  }
  return { labels: labels.data, means: means.data, classes, size };
}
