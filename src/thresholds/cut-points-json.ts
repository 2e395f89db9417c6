import {
  COUNT,
  exactly,
  FINITE,
  LIST,
  numberFrom,
  OBJECT,
  oneOf,
  type Rule,
  SHARE,
  SHARE_OR_ALL,
  TEXT,
} from '../core/check';
import { ArgumentError, FormatError } from '../core/errors';
import { isRecord, parseJson, type RefuseValue } from '../core/saved/json';
import { readFields, type SavedFields } from '../core/saved/read-saved';
import { writableJson } from '../core/saved/writable-json';
import { alarmsOf } from './conformal-threshold';
import { NAME, NUMBER, type BelongsTo, type CutPoint, type CutPoints } from './cut-points';

const FORMAT = 'tfjs-ood/cut-points';
const VERSION = 1;

/** JSON has no infinity; a word stands for it. */
const encoded = (threshold: number) => (Number.isFinite(threshold) ? threshold + 0 : String(threshold));
const decoded = (value: unknown) => (value === 'Infinity' || value === '-Infinity' ? Number(value) : value);

type Path = readonly string[];

const KIND = oneOf('conformal', 'tpr', 'manual');
const COMMON = { name: [NAME], kind: [KIND], threshold: [NUMBER] } as const;
const FIELDS: { readonly [K in CutPoint['kind']]: SavedFields<Extract<CutPoint, { kind: K }>> } = {
  conformal: { ...COMMON, alpha: [SHARE], confidence: [SHARE, undefined], count: [COUNT], belongsTo: [OBJECT] },
  tpr: { ...COMMON, tpr: [SHARE_OR_ALL], interval: [LIST], confidence: [SHARE], count: [COUNT], belongsTo: [OBJECT] },
  manual: { ...COMMON, count: [exactly(0)], belongsTo: [OBJECT] },
};
const NEVER: Rule = {
  expected: '"Infinity", as count is too small for alpha',
  holds: (value) => value === Infinity,
};

/** Checks one cut-point, whatever it may be, and copies what belongs to it. */
function readCutPoint(value: unknown, path: Path, refuse: RefuseValue): CutPoint {
  const kind = isRecord(value) && KIND.holds(value.kind as number) ? (value.kind as CutPoint['kind']) : 'manual';
  const read = readFields<CutPoint>(refuse, value, FIELDS[kind], path);
  const { threshold } = read;
  if (read.kind !== 'manual') {
    const isNever = read.kind === 'conformal' && alarmsOf(read.count, read.alpha, read.confidence).allowed === 0;
    readFields(refuse, { threshold }, { threshold: [isNever ? NEVER : FINITE] }, path);
  }
  const texts = ['detector', ...Object.keys(read.belongsTo)].map((name) => [name, [TEXT]] as const);
  const belongsTo = readFields<BelongsTo>(
    refuse,
    read.belongsTo,
    Object.fromEntries(texts) as unknown as SavedFields<BelongsTo>,
    [...path, 'belongsTo'],
  );
  if (read.kind !== 'tpr') return { ...read, belongsTo };
  const { tpr } = read;
  const ends = { 0: [numberFrom(0, tpr)], 1: [numberFrom(tpr, 1)] } as const;
  const interval = readFields<Record<0 | 1, number>>(refuse, { ...read.interval }, ends, [...path, 'interval']);
  return { ...read, interval: [interval[0], interval[1]], belongsTo };
}

function readCutPoints(values: readonly unknown[], refuse: RefuseValue): CutPoint[] {
  const names = new Map<string, number>();
  return Array.from(values, (value, i) => {
    const path = ['cutPoints', String(i)];
    const read = readCutPoint(value, path, refuse);
    const other = names.get(read.name);
    if (other !== undefined) refuse([...path, 'name'], `another name than that of cutPoints.${other}`, read.name);
    names.set(read.name, i);
    return read;
  });
}

/**
 * Cut-points as JSON text, which {@link parseCutPoints} reads. An infinite threshold is written as the word "Infinity".
 *
 * @throws ArgumentError naming the path of what is wrong, such as `cutPoints.1.name` where two have one name
 * @example
 * const text = formatCutPoints([cutPoint('strict', 2.5, { detector: 'knn' })]);
 */
export function formatCutPoints(cutPoints: CutPoints): string {
  const where = 'formatCutPoints';
  const refuse: RefuseValue = (path, expected, received) => {
    throw new ArgumentError(where, path.join('.'), expected, received);
  };
  if (!Array.isArray(cutPoints))
    throw new ArgumentError(where, 'cutPoints', 'an array of cut-points', typeof cutPoints);
  const checked = readCutPoints(cutPoints, refuse).map((one) => ({ ...one, threshold: encoded(one.threshold) }));
  const whole = { format: FORMAT, version: VERSION, cutPoints: checked };
  return `${writableJson(where, 'cutPoints', whole, 2)}\n`;
}

/**
 * Reads what {@link formatCutPoints} wrote, and checks all of it; what it does not know is refused.
 *
 * Follow it by {@link checkBelongsTo}: a threshold means nothing with another detector, model or data.
 *
 * @param json the text
 * @param file name for the error messages
 * @throws FormatError naming the path of the first wrong value, such as `cutPoints.0.threshold`
 * @example
 * const [strict] = parseCutPoints(formatCutPoints([cutPoint('strict', 2.5, { detector: 'knn' })]));
 */
export function parseCutPoints(json: string, file = 'cut-points'): CutPoint[] {
  const refuse: RefuseValue = (path, expected, received) => {
    throw new FormatError('parseCutPoints', path.join('.') || file, expected, received);
  };
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    return refuse([], 'JSON', (error as Error).message);
  }
  const { cutPoints } = readFields<{ format: string; version: number; cutPoints: unknown[] }>(
    refuse,
    value,
    { format: [exactly(FORMAT)], version: [exactly(VERSION)], cutPoints: [LIST] },
    [],
  );
  const withNumbers = cutPoints.map((one) => (isRecord(one) ? { ...one, threshold: decoded(one.threshold) } : one));
  return readCutPoints(withNumbers, refuse);
}
