import { ArgumentError } from '../../core/errors';
import type { Json } from '../../core/saved/json';
import type { FitBlock, LogitMeaning, ModelParts, Scorer } from '../../scorers/contract/scorer';
import { calibrate } from '../../thresholds/calibrate';
import { checkAlarm } from '../check-alarm';
import { cutPointsOf } from '../detector-cut-points';
import { checkClassNames, type ReadDetectorOptions } from '../detector-options';
import type { DetectorState } from '../detector-state';
import { firstOutputs } from '../first-outputs';
import { lostRows, rareClasses, warnOfMissingMass } from '../rare-classes';
import { isStream } from './block-stream';
import { columnOrder } from './column-order';
import type { KnownBlock, KnownSource, SplitRows } from './known-rows';
import { splitStream } from './split-stream';
import { splitWhole } from './split-whole';

/** A fit of a detector before anything goes through it. */
export interface DetectorFit {
  rows: KnownSource;
  parts: Partial<ModelParts>;
  options: ReadDetectorOptions;
  meaning: LogitMeaning;
  /** What else is saved of the model, once all rows were seen. */
  about: () => Readonly<Record<string, Json>>;
}

/** A fitted scorer with what was found out about it. */
export interface FittedDetector {
  scorer: Scorer;
  state: DetectorState;
}

/** Goes once over the rows that fit, then over those that calibrate. `where` is who complains. */
export async function fitKnown(where: string, fit: DetectorFit): Promise<FittedDetector> {
  const { rows, options } = fit;
  const { scorer: method, onProgress } = options;
  const cutPoints = cutPointsOf(where, options);
  const isImages = [...method.needs, ...(method.fitNeeds ?? [])].includes('images');
  if (isStream(rows) && isImages) {
    const expected =
      `one of features or logits, as of a stream the outputs of calibration rows are kept, not the images ` +
      `('${method.kind}' needs them: pass them as a whole)`;
    throw new ArgumentError(where, 'scorer', expected, method.kind);
  }
  const how = {
    ...options,
    onProgress: (done: number) => onProgress?.(done, split.count),
  };
  const split: SplitRows = isStream(rows) ? splitStream(where, rows, how) : splitWhole(where, rows, how);
  try {
    return await fitSplit(where, split, fit, cutPoints);
  } finally {
    await split.close();
  }
}

async function fitSplit(
  where: string,
  split: SplitRows,
  { rows, parts, options, meaning, about }: DetectorFit,
  cutPoints: Record<string, number>,
): Promise<FittedDetector> {
  const { scorer: method, classNames: given } = options;
  const found = isStream(rows) ? undefined : rows.names;
  const names = given ?? found;
  const noted = firstOutputs(where, { method, head: parts.head, meaning, classNames: given, found });
  const order = found && columnOrder(where, found);

  const checkLabeled = (labels: unknown) => {
    if (labels !== undefined || !method.fitNeeds?.includes('labels')) return;
    throw new ArgumentError(where, 'labels', `class indices of the images, which '${method.kind}' needs`, 'none');
  };
  const rareOf = ({ labels, fit }: ReturnType<SplitRows['known']>) => {
    if (meaning === 'classes') checkClassNames(where, names, { labels });
    const rare = labels ? rareClasses(labels, fit) : { classesWithoutRow: [], missingMass: 0 };
    warnOfMissingMass(where, rare.missingMass, cutPoints);
    return rare;
  };
  async function* seen(blocks: AsyncIterable<KnownBlock>) {
    for await (const block of blocks) {
      checkLabeled(block.labels);
      await noted.see(block);
      order?.look(block);
      yield block as FitBlock & KnownBlock;
    }
  }

  if (split.count !== undefined) checkLabeled(split.known().labels);
  const early = split.count === undefined ? undefined : rareOf(split.known());
  let scorer = await method.fit(seen(split.fit()), parts as ModelParts);
  try {
    await split.end();
    const rare = early ?? rareOf(split.known());
    const scores: number[] = [];
    const lost = lostRows(rare.classesWithoutRow);
    for await (const block of seen(split.calibration())) {
      for (const score of await scorer.score(block)) scores.push(score);
      if (block.labels) await lost.collect(where, scorer, block);
    }
    order?.check();
    const all = calibrate(scores).all;
    for (const [name, rate] of Object.entries(cutPoints)) {
      checkAlarm(where, name === 'default' ? 'alpha' : `cutPoints.${name}`, scorer, all, rate);
    }
    // Only now: these rows calibrate by the scores that they had while they were unknown.
    scorer = await lost.takenInBy(scorer);
    const widths = noted.widths();
    // Names in the order of nothing but their letters are none of logits that nobody has seen.
    const isUnordered = found !== undefined && widths.logits === undefined;
    const state = {
      scorer: scorer.state(),
      calibration: all,
      ...rare,
      cutPoints,
      classNames: names,
      widths,
      about: { ...about(), meaning, ...(isUnordered && { unordered: true }) },
    };
    return { scorer, state };
  } catch (error) {
    scorer.dispose();
    throw error;
  }
}
