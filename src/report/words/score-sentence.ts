import { findingOf, type Finding } from '../../detector/evaluation/finding';
import { between, nearly } from '../../detector/evaluation/sentences';
import { clopperPearson } from '../../thresholds/index';
import type { Scores } from '../../core/scores';
import type { Report } from '../report';

const NOUN = 'images';
/** The worst first. */
const ORDER: readonly Finding[] = ['useless', 'few', 'unclear', 'some', 'most'];

function shareAbove(scores: Scores, threshold: number) {
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > threshold) count++;
  const [lower, upper] = clopperPearson(count, scores.length);
  return { count, of: scores.length, share: count / scores.length, lower, upper };
}

type Counted = ReturnType<typeof shareAbove>;

const isWide = ({ lower, upper }: Counted) => upper - lower > 0.5;
const inBrackets = (found: Counted) => `(${found.count} of ${found.of}, ${between(found)})`;

/** `a`, `a and b`, `a, b and c` */
const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/**
 * A report of scores in one sentence, as {@link Report.sentence} of a detector's own evaluation is: what is found at
 * the threshold and what false alarms that costs, the worst set first, and plainly where it is of no use.
 */
export function scoreSentence({ known, out }: Report, threshold: number): string {
  const alarms = shareAbove(known.scores, threshold);
  const told = out
    .map(({ name, scores }) => {
      const found = shareAbove(scores, threshold);
      return { name, found, finding: findingOf(found, alarms, true) };
    })
    .sort((a, b) => ORDER.indexOf(a.finding) - ORDER.indexOf(b.finding) || a.found.share - b.found.share);
  if (told.length === 0) return '';
  const cost = `at ${nearly(alarms.share)} false alarms (${alarms.count} of ${alarms.of} known ${NOUN})`;
  if (told.every(({ finding }) => finding === 'useless')) {
    const parts = told.map(({ name, found }) => `${nearly(found.share)} of ${name} ${inBrackets(found)}`);
    return `Useless: finds ${listed(parts)} ${cost}.`;
  }
  const numbers = told.map(({ name, found }) => `${nearly(found.share)} of ${name}`);
  const verdicts = told.map(({ name, found, finding }) => {
    const words: Record<Finding, string> = {
      most: `most of ${name}`,
      some: `some of ${name}`,
      unclear: `perhaps no more of ${name} than of the known`,
      few: isWide(found) ? `too few ${NOUN} of ${name} to say` : `too few known ${NOUN} to say of ${name}`,
      useless: `useless for ${name}`,
    };
    return `${words[finding]} ${inBrackets(found)}`;
  });
  return `Finds ${listed(numbers)} ${cost}: ${verdicts.join('; ')}.`;
}
