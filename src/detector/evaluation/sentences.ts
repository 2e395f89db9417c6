import type { CalledOod, CountedShare, Ends, FalseAlarms } from './detector-evaluation';
import type { Finding } from './finding';

/** Whose sentences they are. */
export interface Told {
  /** What rows are: `'images'`. */
  noun: string;
  /** Rows that calibrate. */
  count: number;
  isCross: boolean;
  /** Whether anything, however strange, can be called OoD. */
  canAlarm: boolean;
}

/** What is found of a set, in numbers and by what they allow to say. */
export interface ToldSet {
  name: string;
  found: CalledOod;
  finding: Finding;
}

/** More alarms than come in so many cases are no chance. */
const RARE = 0.025;

/** A share in percent, with a decimal near the ends. */
function percent(share: number, round: (value: number) => number): string {
  const places = share < 0.1 || share > 0.9 ? 10 : 1;
  return `${round(100 * places * share) / places} %`;
}

/** A share in percent. */
export const nearly = (share: number) => percent(share, Math.round);

/** Ends are rounded outwards. */
export const between = ({ lower, upper }: Ends): string =>
  `between ${percent(lower, Math.floor)} and ${percent(upper, Math.ceil)}`;

const isWide = ({ lower, upper }: CountedShare) => upper - lower > 0.5;

const countOf = (counted: CountedShare, noun: string): string =>
  `${counted.count} of ${counted.of} ${noun} (${nearly(counted.share)}, ${between(counted)})`;

/** How often chance alone gives so many alarms. */
function chanceWords({ promise: { chance, interval } }: FalseAlarms, { noun, count }: Told): string {
  if (chance === undefined || (interval !== 'above' && chance >= RARE)) return '';
  const often = chance < 0.001 ? 'less than 0.1 %' : nearly(chance);
  return chance < RARE
    ? `, and more than chance gives (so many in ${often} of cases): known ${noun} like these do not come as the ${count} that calibrated`
    : `, as the draw of ${count} ${noun} that calibrate gives in ${often} of cases`;
}

function promiseWords(alarms: FalseAlarms, told: Told): string {
  const { rate, kind, confidence, interval } = alarms.promise;
  const seen = { below: 'below', around: 'in line with', above: 'above' }[interval];
  const sure = kind === 'confidence' ? `with ${nearly(confidence!)} confidence` : 'on average';
  const usual = told.isCross ? ` by folds (near ${nearly(alarms.alpha)} is usual)` : '';
  return `${seen} the promise of at most ${nearly(rate)} ${sure}${usual}${chanceWords(alarms, told)}`;
}

/** The false alarms beside the promise. */
export function alarmWords(alarms: FalseAlarms, told: Told): string {
  const { noun, count, canAlarm } = told;
  if (canAlarm) return `false alarms: ${countOf(alarms, `known ${noun}`)}, ${promiseWords(alarms, told)}`;
  return `nothing can be called OoD at a rate of ${nearly(alarms.alpha)}, which takes more than the ${count} ${noun} that calibrate`;
}

/** The known set. */
export function knownSentence(alarms: FalseAlarms, accuracy: CountedShare | undefined, told: Told): string {
  const right = accuracy ? ` The model gives ${countOf(accuracy, `known ${told.noun}`)} their label.` : '';
  return `${capital(alarmWords(alarms, told))}.${right}`;
}

/** What a finding says of the set, after the numbers. */
function verdictWords({ finding, found }: ToldSet, alarms: FalseAlarms, { noun }: Told): string {
  const words: Record<Finding, string> = {
    most: 'most of them',
    some: `some of them, more than of the known ${noun}`,
    unclear: `perhaps no more than of the known ${noun}`,
    few: isWide(found) ? `too few ${noun} to say: ${found.of}` : `too few known ${noun} to say: ${alarms.of}`,
    useless: `useless for these${found.lower > alarms.alpha ? `, as known ${noun} are called OoD as often` : ''}`,
  };
  return words[finding];
}

/** One set of strange rows. */
export function setSentence(set: ToldSet, alarms: FalseAlarms, told: Told): string {
  const { count, of } = set.found;
  const found = `${set.name}: finds ${count} of ${of} (${between(set.found)} of such ${told.noun})`;
  return `${found}, ${verdictWords(set, alarms, told)}; ${
    told.canAlarm ? `false alarms: ${countOf(alarms, `known ${told.noun}`)}` : alarmWords(alarms, told)
  }.`;
}

const ORDER: readonly Finding[] = ['useless', 'few', 'unclear', 'some', 'most'];

/** All sets, the worst first, and the false alarms. */
export function wholeSentence(sets: readonly ToldSet[], alarms: FalseAlarms, told: Told): string {
  const parts = ORDER.flatMap((finding) => sets.filter((set) => set.finding === finding)).map((set) => {
    const { count, of } = set.found;
    const numbers = `finds ${count} of ${of}, ${between(set.found)}`;
    const { name } = set;
    const words: Record<Finding, string> = {
      most: `finds most of ${name} (${count} of ${of}, ${between(set.found)})`,
      some: `finds some of ${name} (${count} of ${of}, ${between(set.found)})`,
      unclear: `perhaps finds no more of ${name} than of the known (${count} of ${of}, ${between(set.found)})`,
      few: isWide(set.found)
        ? `too few ${told.noun} of ${name} to say: ${of} (${numbers})`
        : `too few known ${told.noun} to say of ${name}: ${alarms.of} (${numbers})`,
      useless: `useless for ${name} (${numbers})`,
    };
    return words[set.finding];
  });
  return `${capital([...parts, alarmWords(alarms, told)].join('; '))}.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
