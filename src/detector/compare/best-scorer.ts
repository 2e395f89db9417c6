import type { Pause } from '../../core/pauses';
import type { BestScorer } from './comparison';
import { meanDifference, type MeanAuroc } from './mean-auroc';

/**
 * p-values that hold for all tests together: below a level no more than with that probability is any of them wrong.
 *
 * Source: Holm, Scandinavian Journal of Statistics 6 (1979).
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = Array.from(pValues.keys()).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = pValues.slice();
  let largest = 0;
  order.forEach((at, i) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - i) * pValues[at]!));
    adjusted[at] = largest;
  });
  return adjusted;
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

function sentence(name: string, tied: readonly string[], others: number): string {
  if (others === 0) return `${name} is the only scorer that was compared`;
  if (tied.length === 0) return `${name} has the highest AUROC, and is told apart from all others`;
  const rest = tied.length === others ? '' : '; the others are worse';
  return `${name} has the highest AUROC, but so few images do not tell it apart from ${listed(tied)}${rest}`;
}

/**
 * The best of some scorers against each other one. All pairs are tested and counted, not only those with the best one:
 * any of them could have come out as the best.
 */
export async function bestScorer(
  names: readonly string[],
  means: readonly MeanAuroc[],
  confidence: number,
  pause: Pause,
): Promise<BestScorer> {
  const best = means.reduce((most, mean, i) => (mean.value > means[most]!.value ? i : most), 0);
  const pairs: { other: number; test: ReturnType<typeof meanDifference> }[] = [];
  for (let i = 0; i < means.length; i++) {
    for (let j = i + 1; j < means.length; j++) {
      await pause();
      const [first, second] = j === best ? [j, i] : [i, j];
      const test = meanDifference(means[first]!, means[second]!, confidence);
      pairs.push({ other: first === best ? second : -1, test });
    }
  }
  const adjusted = holmAdjusted(pairs.map(({ test }) => test.pValue));
  const against = pairs
    .map(({ other, test: { difference, lower, upper, pValue } }, i) => {
      const adjustedPValue = adjusted[i]!;
      const isTied = adjustedPValue > 1 - confidence;
      return { other, rival: { name: names[other]!, difference, lower, upper, pValue, adjustedPValue, isTied } };
    })
    .filter(({ other }) => other >= 0)
    .sort((a, b) => a.rival.difference - b.rival.difference)
    .map(({ rival }) => rival);
  const tied = against.filter(({ isTied }) => isTied).map(({ name }) => name);
  return { name: names[best]!, against, said: sentence(names[best]!, tied, against.length) };
}
