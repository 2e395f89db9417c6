import { ArgumentError, FormatError } from '../core/errors';
import { writableJson } from '../core/writable-json';
import { allowedAlarms } from './allowed-alarms';
import type { BelongsTo, CutPoint, CutPoints } from './cut-points';
import { isRecord, parseJson } from '../core/json';

const FORMAT = 'tfjs-ood/cut-points';
const VERSION = 1;

type Refuse = (what: string, expected: string, received: unknown) => never;

const shown = (value: unknown) =>
  value === undefined
    ? 'nothing'
    : typeof value === 'number'
      ? String(value)
      : (JSON.stringify(value) ?? typeof value).slice(0, 80);

/** JSON has no infinity; a word stands for it. */
const encoded = (threshold: number) => (Number.isFinite(threshold) ? threshold + 0 : String(threshold));
const decoded = (value: unknown) => (value === 'Infinity' || value === '-Infinity' ? Number(value) : value);

/** Checks one cut-point, whatever it may be, and copies what belongs to it. */
function readCutPoint(value: unknown, path: string, refuse: Refuse): CutPoint {
  if (!isRecord(value)) return refuse(path, 'an object', shown(value));
  const number = (from: unknown, name: string, expected: string, test: (value: number) => boolean): number =>
    typeof from === 'number' && test(from) ? from : refuse(`${path}.${name}`, expected, shown(from));
  const rate = (name: string) =>
    number(value[name], name, 'a number between 0 and 1, both excluded', (x) => x > 0 && x < 1);
  const belongs = (): BelongsTo => {
    const { belongsTo } = value;
    if (!isRecord(belongsTo)) return refuse(`${path}.belongsTo`, 'an object', shown(belongsTo));
    for (const [what, one] of Object.entries({ detector: undefined, ...belongsTo })) {
      if (typeof one !== 'string') refuse(`${path}.belongsTo.${what}`, 'a string', shown(one));
    }
    return { ...belongsTo } as unknown as BelongsTo;
  };

  const { name, kind } = value;
  if (typeof name !== 'string' || name === '') {
    return refuse(`${path}.name`, 'a name of at least one character', shown(name));
  }
  const isCount = (x: number) => Number.isSafeInteger(x) && x >= 1;
  const inCommon = () => ({
    count: number(value.count, 'count', 'a whole number from 1', isCount),
    belongsTo: belongs(),
  });
  if (kind === 'conformal') {
    const [common, alpha] = [inCommon(), rate('alpha')];
    const tooFew = allowedAlarms(common.count, alpha) === 0;
    const expected = tooFew ? '"Infinity", as count is too small for alpha' : 'a finite number';
    const fits = (x: number) => (tooFew ? x === Infinity : Number.isFinite(x));
    const threshold = number(value.threshold, 'threshold', expected, fits);
    return { name, kind, threshold, alpha, ...common };
  }
  if (kind === 'tpr') {
    const common = inCommon();
    const tpr = number(value.tpr, 'tpr', 'a number above 0, at most 1', (x) => x > 0 && x <= 1);
    const [lower, upper] =
      Array.isArray(value.interval) && value.interval.length === 2 ? (value.interval as unknown[]) : [];
    const interval: [number, number] = [
      number(lower, 'interval.0', `a number from 0 to ${tpr}`, (x) => x >= 0 && x <= tpr),
      number(upper, 'interval.1', `a number from ${tpr} to 1`, (x) => x >= tpr && x <= 1),
    ];
    const threshold = number(value.threshold, 'threshold', 'a finite number', Number.isFinite);
    return { name, kind, threshold, tpr, interval, confidence: rate('confidence'), ...common };
  }
  if (kind === 'manual') {
    const threshold = number(value.threshold, 'threshold', 'a number', (x) => !Number.isNaN(x));
    const count = number(value.count, 'count', '0, as it comes from no scores', (x) => x === 0);
    return { name, kind, threshold, count, belongsTo: belongs() };
  }
  return refuse(`${path}.kind`, "'conformal', 'tpr' or 'manual'", shown(kind));
}

function readCutPoints(values: readonly unknown[], refuse: Refuse): CutPoint[] {
  const names = new Map<string, number>();
  return Array.from(values, (value, i) => {
    const read = readCutPoint(value, `cutPoints.${i}`, refuse);
    const other = names.get(read.name);
    if (other !== undefined) refuse(`cutPoints.${i}.name`, `another name than that of cutPoints.${other}`, read.name);
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
  const refuse: Refuse = (what, expected, received) => {
    throw new ArgumentError('formatCutPoints', what, expected, received);
  };
  if (!Array.isArray(cutPoints)) return refuse('cutPoints', 'an array of cut-points', typeof cutPoints);
  const checked = readCutPoints(cutPoints, refuse).map((one) => ({ ...one, threshold: encoded(one.threshold) }));
  const whole = { format: FORMAT, version: VERSION, cutPoints: checked };
  return `${writableJson('formatCutPoints', 'cutPoints', whole, 2)}\n`;
}

/**
 * Reads what {@link formatCutPoints} wrote, and checks all of it. What it does not know is left out.
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
  const refuse: Refuse = (what, expected, received) => {
    throw new FormatError('parseCutPoints', what, expected, received);
  };
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    return refuse(file, 'JSON', (error as Error).message);
  }
  if (!isRecord(value)) return refuse(file, 'an object', shown(value));
  if (value.format !== FORMAT) refuse('format', `'${FORMAT}'`, shown(value.format));
  if (value.version !== VERSION) refuse('version', String(VERSION), shown(value.version));
  const { cutPoints } = value;
  if (!Array.isArray(cutPoints)) return refuse('cutPoints', 'a list', shown(cutPoints));
  const withNumbers = cutPoints.map((one: unknown) =>
    isRecord(one) ? { ...one, threshold: decoded(one.threshold) } : one,
  );
  return readCutPoints(withNumbers, refuse);
}
