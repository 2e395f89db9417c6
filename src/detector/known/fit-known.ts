import { ArgumentError } from '../../core/errors';
import { checkSignal, pauses } from '../../core/pauses';
import type { Json } from '../../core/saved/json';
import type { Rows } from '../../scorers/contract/rows';
import type { FitBlock, FitProgress, LogitMeaning, ModelParts, Scorer } from '../../scorers/contract/scorer';
import type { CalibrationMethod } from '../calibration/calibration-info';
import { chooseMethod } from '../calibration/choose-method';
import { fitFolds, foldRows } from '../calibration/cross-fit';
import { cutPointsOf } from '../calibration/cut-point-rates';
import { fitHeldOut } from '../calibration/held-out-fit';
import { heldCount } from '../calibration/hold-out';
import type { Judge } from '../calibration/judge';
import { fitLabelSets, labelSetOptions, type LabelSets } from '../calibration/label-sets';
import { rareClasses, warnOfMissingMass, type RareClasses } from '../calibration/rare-classes';
import { checkClassNames, type ReadDetectorOptions } from '../detector-options';
import type { DetectorState } from '../detector-state';
import { firstOutputs } from '../first-outputs';
import { checkRates } from '../judged-detector';
import { isStream } from './block-stream';
import { joinedBlocks } from './joined-blocks';
import { columnOrder } from './column-order';
import { blocksIn, gatheredRows } from './gathered-rows';
import { rowsFrom, type KnownBlock, type KnownSource, type SplitRows } from './known-rows';
import { splitStream } from './split-stream';
import { splitAs, splitWhole } from './split-whole';

/** A fit of a detector before anything goes through it. */
export interface DetectorFit {
  rows: KnownSource;
  parts: Partial<ModelParts>;
  options: ReadDetectorOptions;
  meaning: LogitMeaning;
  /** What else is saved of the model, once all rows were seen. */
  about: () => Readonly<Record<string, Json>>;
}

/** Fitted scorers with what was found out about them. */
export interface FittedDetector {
  scorers: readonly Scorer[];
  state: DetectorState;
}

/** What is decided before a row is seen. */
interface FitPlan {
  cutPoints: Record<string, number>;
  method: CalibrationMethod;
  labelSets: ReturnType<typeof labelSetOptions>;
}

/** What the options come to for these rows. @throws ArgumentError where nothing could be called OoD */
function planFor(where: string, { rows, options, meaning }: DetectorFit): FitPlan {
  const { scorer, calibrationShare } = options;
  const cutPoints = cutPointsOf(where, options);
  const labelSets = labelSetOptions(where, options.labelSets);
  if (labelSets && meaning === 'tags') {
    throw new ArgumentError(where, 'labelSets', 'left out, as the logits are tags, not classes', options.labelSets);
  }
  if (!isStream(rows)) {
    const held = heldCount(rows.count, calibrationShare);
    const method = chooseMethod(where, options, scorer, cutPoints, { count: rows.count, held });
    if (method === 'cross' && labelSets) {
      const expected = `left out, as ${rows.count} images are so few that each calibrates in its fold`;
      throw new ArgumentError(where, 'labelSets', expected, options.labelSets);
    }
    return { cutPoints, method, labelSets };
  }
  if ([...scorer.needs, ...(scorer.fitNeeds ?? [])].includes('images')) {
    const expected =
      `one of features or logits, as of a stream the outputs of calibration rows are kept, not the images ` +
      `('${scorer.kind}' needs them: pass them as a whole)`;
    throw new ArgumentError(where, 'scorer', expected, scorer.kind);
  }
  if (options.calibration === 'cross') {
    throw new ArgumentError(where, 'calibration', `'held-out', as a stream is gone through once`, 'cross');
  }
  return { cutPoints, method: 'held-out', labelSets };
}

/** Goes once over the rows that fit, then over those that calibrate. `where` is who complains. */
export async function fitKnown(where: string, fit: DetectorFit): Promise<FittedDetector> {
  const { rows, options } = fit;
  const plan = planFor(where, fit);
  const how = {
    ...options,
    setsShare: plan.labelSets?.share ?? 0,
    onProgress: (done: number) => options.onProgress?.(done, split.count),
  };
  const split: SplitRows = isStream(rows)
    ? splitStream(where, rows, how)
    : plan.method === 'cross'
      ? splitAs(rows, { fit: rowsFrom(0, rows.count) }, how) // each row fits some scorer
      : splitWhole(where, rows, how);
  try {
    return await fitSplit(where, split, fit, plan);
  } finally {
    await split.close();
  }
}

async function fitSplit(
  where: string,
  split: SplitRows,
  { rows, parts: given, options, meaning, about }: DetectorFit,
  { cutPoints, method: way, labelSets }: FitPlan,
): Promise<FittedDetector> {
  const { scorer: method, folds, seed, acceptNoAlarm, confidence } = options;
  const found = isStream(rows) ? undefined : rows.names;
  const classNames = options.classNames ?? found;
  const { signal } = options;
  const parts = { ...given, ...(signal && { signal }) } as ModelParts & FitProgress;
  const pause = pauses(signal);
  await pause();
  const noted = firstOutputs(where, { method, head: given.head, meaning, classNames: options.classNames, found });
  const order = found && columnOrder(where, found);

  const checkLabeled = (labels: unknown) => {
    const asker = method.fitNeeds?.includes('labels') ? method.kind : labelSets && 'labelSets';
    if (labels !== undefined || !asker) return;
    throw new ArgumentError(where, 'labels', `class indices of the images, which '${asker}' needs`, 'none');
  };
  const rareOf = ({ labels, fit }: ReturnType<SplitRows['known']>): RareClasses => {
    if (meaning === 'classes') checkClassNames(where, classNames, { labels });
    const rare = labels ? rareClasses(labels, fit) : { classesWithoutRow: [], missingMass: 0 };
    warnOfMissingMass(where, rare.missingMass, cutPoints);
    return rare;
  };
  async function* seen(blocks: AsyncIterable<KnownBlock>) {
    for await (const block of blocks) {
      await pause();
      checkLabeled(block.labels);
      await noted.see(block);
      order?.look(block);
      yield block as FitBlock & KnownBlock;
    }
  }

  // What asks for no row of the fit is given the first block as it comes, and no more; images stay with theirs
  const fitNeeds = method.fitNeeds ?? [];
  const isOfOutputs = ![...method.needs, ...fitNeeds].includes('images');
  const joined = (blocks: AsyncIterable<KnownBlock>) =>
    isOfOutputs ? (joinedBlocks(blocks) as AsyncGenerator<FitBlock & KnownBlock>) : (blocks as never);

  if (split.count !== undefined) checkLabeled(split.known().labels);
  let rare = split.count === undefined ? undefined : rareOf(split.known());
  const judge: Judge =
    way === 'cross'
      ? await fitFolds(
          method,
          parts,
          foldRows(split.count!, folds, seed),
          // One pass through the model, whose outputs each of the folds takes
          blocksIn(await gatheredRows(seen(split.fit())), options.blockSize),
        )
      : await fitHeldOut(where, method, parts, {
          fit: fitNeeds.length > 0 ? joined(seen(split.fit())) : seen(split.fit()),
          async endOfFit() {
            await split.end();
            return (rare ??= rareOf(split.known())).classesWithoutRow;
          },
          calibration: joined(seen(split.calibration())),
        });
  try {
    const sets = labelSets && (await setsFrom(where, seen(split.sets()), labelSets, seed));
    order?.check();
    const widths = noted.widths();
    // Names in the order of nothing but their letters are none of logits that nobody has seen.
    const isUnordered = found !== undefined && widths.logits === undefined;
    const state: DetectorState = {
      scorers: judge.scorers.map((scorer) => scorer.state()),
      method: way,
      calibrations: judge.calibrations,
      ...rare!,
      cutPoints,
      confidence,
      acceptNoAlarm,
      classNames,
      labelSets: sets,
      widths,
      about: { ...about(), meaning, ...(isUnordered && { unordered: true }) },
    };
    checkRates(where, { ...judge, confidence }, state);
    checkSignal(signal);
    return { scorers: judge.scorers, state };
  } catch (error) {
    for (const scorer of judge.scorers) scorer.dispose();
    throw error;
  }
}

const NO_ROWS: Rows = { data: new Float32Array(0), shape: [0, 0] };

/** Label sets of the rows that serve these alone. @throws ArgumentError where there are no logits */
async function setsFrom(
  where: string,
  blocks: AsyncIterable<KnownBlock>,
  options: NonNullable<FitPlan['labelSets']>,
  seed: number,
): Promise<LabelSets> {
  const { logits = NO_ROWS, labels = new Int32Array(0) } = await gatheredRows(blocks);
  if (logits.shape[0] < labels.length) {
    throw new ArgumentError(where, 'logits', 'there, as labelSets are sets of their columns', 'none');
  }
  return fitLabelSets(where, logits, labels, options, seed);
}
