import { COUNT, FLAG, INTEGER, SHARE, TEXT, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { isRecord } from '../../core/saved/json';
import type { FitNeed, ScorerMethod } from '../../scorers/contract/scorer';
import { readData, SHARDS_DATA, type ShardsData } from '../run/job-data';

/** How rows that fit nothing calibrate. */
export interface CalibrationData {
  /** Share of the rows, by a hash of their ids, which fits nothing and calibrates. */
  share: number;
  /** Which rows those are; default 1. */
  seed?: number;
  /** Most scores that are kept, a uniform sample by the same hash; default 100,000. */
  atMost?: number;
  /** Rows that are scored at once; default 1, with which a score is the same bits whatever rows are beside it. */
  blockSize?: number;
  /** False-alarm rate of the detector; default 0.05. */
  alpha?: number;
  /** More of them by name. */
  cutPoints?: Readonly<Record<string, number>>;
  /** With it the rates hold for this very detector. */
  confidence?: number;
  /** Whether a detector is fine that can call nothing OoD; default false. */
  acceptNoAlarm?: boolean;
}

/** The data of a job that fits. */
export interface FitData extends ShardsData {
  /** Which of the worker's `methods`, by its name. */
  method: string;
  /** Left out, no row calibrates and there is no detector. */
  calibrate?: CalibrationData;
}

/** What a run fits, as its plan has it. */
export interface FitTask {
  method: string;
  kind: string;
  calibrate?: CalibrationData & Required<Pick<CalibrationData, 'seed' | 'atMost' | 'blockSize'>>;
}

const RATES: Rule = { expected: 'rates by name', holds: isRecord };

/** The data of a job and what they ask for. @throws ArgumentError */
export function readFitData(
  where: string,
  given: unknown,
  methods: Readonly<Record<string, ScorerMethod>>,
): { data: ShardsData; task: FitTask } {
  const { method, calibrate, ...data } = readData<FitData>(where, given, {
    ...SHARDS_DATA,
    method: [TEXT],
    calibrate: [{ expected: 'an object', holds: isRecord }, undefined],
  });
  if (!Object.hasOwn(methods, method)) {
    throw new ArgumentError(where, 'job.data.method', `one of ${Object.keys(methods).join(', ')}`, method);
  }
  const { kind, fitNeeds, needs } = methods[method]!;
  checkColumns(where, data, [...fitNeeds, ...(calibrate ? needs : [])], method);
  if (!calibrate) return { data, task: { method, kind } };
  if (data.columns.ids === undefined) {
    const expected = 'with ids, a hash of which says which rows calibrate';
    throw new ArgumentError(where, 'job.data.columns', expected, data.columns);
  }
  const read = readData<CalibrationData>(
    where,
    calibrate,
    {
      share: [SHARE],
      seed: [INTEGER, 1],
      atMost: [COUNT, 100_000],
      blockSize: [COUNT, 1],
      alpha: [SHARE, undefined],
      cutPoints: [RATES, undefined],
      confidence: [SHARE, undefined],
      acceptNoAlarm: [FLAG, undefined],
    },
    'calibrate',
  );
  return { data, task: { method, kind, calibrate: read as FitTask['calibrate'] & object } };
}

/** Throws where a method needs what the shards have no column of. */
function checkColumns(where: string, { columns }: ShardsData, needs: readonly FitNeed[], method: string): void {
  const missing = needs.find(
    (need) => !['head', 'logitsOf'].includes(need) && columns[need as keyof typeof columns] === undefined,
  );
  if (missing === undefined) return;
  throw new ArgumentError(where, 'job.data.columns', `with ${missing}, which method ${method} needs`, columns);
}

/** The share of the rows that is left out of the fit. */
export const heldOutOf = ({ calibrate }: FitTask): { calibrationShare: number; seed: number } | undefined =>
  calibrate && { calibrationShare: calibrate.share, seed: calibrate.seed };
