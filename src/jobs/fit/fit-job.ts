import { FUNCTION, required, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { isRecord } from '../../core/saved/json';
import { calibratedOutputDetector } from '../../detector/calibration/calibrated-output-detector';
import { decodeScorer, encodeScorer } from '../../scorers/contract/scorer-state';
import type { Batch, FitBlock, Head, Scorer, ScorerMethod } from '../../scorers/contract/scorer';
import { partialCalibration } from '../../scorers/partial/partial-calibration';
import type { JobProcessor } from '../queue/queue-job';
import { keptLoaded } from '../run/kept-loaded';
import { jobsOf, type RunContext, type RunSummary } from '../run/run-job';
import { HEAD_OPTION, WORKER_OPTIONS, type WorkerOptions } from '../run/worker-options';
import type { FailedShards, PartSummary } from '../tree/part-result';
import type { Phase } from '../tree/run-part';
import { heldOutOf, readFitData, type FitTask } from './fit-data';

/** Options of {@link fitJob}. */
export interface FitJobOptions extends WorkerOptions {
  /** Methods by names of your own, such as `{ bank: nearestNeighbors({ k: 10 }) }`, of which a job's data name one. */
  methods: Readonly<Record<string, ScorerMethod>>;
  /** The last dense layer, where a method needs one. */
  head?: Head;
}

/** What a job that fitted came to. */
export interface FitSummary extends RunSummary {
  /** Which method. */
  method: string;
  /** Rows that fitted; the others were held out. */
  fitted: number;
  /** The key of the scorer in the store (`decodeScorer`). */
  scorer: string;
  /** Where rows calibrate: how many, shards that could not be read in this pass, and the key of the detector. */
  calibration?: { rows: number; failed: FailedShards; detector: string };
}

const isMethod = (value: unknown): boolean => isRecord(value) && FUNCTION.holds(value.partial as number);
const NAMED_METHODS: Rule = {
  expected: 'methods by name, such as { bank: nearestNeighbors() }',
  holds: (value: unknown) => isRecord(value) && Object.keys(value).length > 0 && Object.values(value).every(isMethod),
};

const FIT = 'fit';
const CALIBRATE = 'calibrate';

/**
 * Jobs that fit a scorer on shards, and calibrate it: the processor of a BullMQ worker. Each shard becomes a part of
 * the fit, and parts are merged in a tree; the rows that calibrate are scored in a second pass.
 *
 * What is fitted is what one process fits in parts of the same shards, and does not depend on the workers.
 *
 * @returns the processor; a run's job resolves to its {@link FitSummary}
 * @throws ArgumentError for wrong options; of a job for data out of range, by which it fails for good
 * @example
 * const methods = { bank: nearestNeighbors({ k: 10 }) };
 * const processor = fitJob({ queue, store: folderStore('runs'), roots: { train: 'train' }, methods });
 * processor.dispose(); // when the worker is closed
 */
export function fitJob(options: FitJobOptions): JobProcessor<FitSummary | PartSummary> {
  const where = 'fitJob';
  const { methods, head, ...own } = readOptions(where, options, {
    ...WORKER_OPTIONS,
    methods: [required(NAMED_METHODS)],
    head: [HEAD_OPTION],
  });
  const { store } = own;
  const keeper = keptLoaded<Scorer>();
  const parts = { ...(head && { head }) };
  const methodOf = ({ method, kind }: FitTask): ScorerMethod => {
    const own = Object.hasOwn(methods, method) ? methods[method]! : undefined;
    if (own?.kind === kind) return own;
    const expected = `with ${method} of kind '${kind}', which the run was begun with`;
    throw new ArgumentError(where, 'methods', expected, own ? `one of kind '${own.kind}'` : 'none');
  };
  const scorerKey = (run: string) => `${run}/scorer.safetensors`;

  function fitPhase({ opened, blocksOf, signal }: RunContext<FitTask>): Phase {
    const { task } = opened.plan;
    const method = methodOf(task);
    const begun = () => method.partial({ ...heldOutOf(task), ...parts });
    return {
      name: FIT,
      async ofShard(name) {
        const partial = await begun();
        for await (const block of blocksOf(name)) {
          await partial.add(block as unknown as FitBlock, { shard: name, ...(signal && { signal }) });
        }
        const { count, heldOut } = partial;
        return { rows: count + heldOut, counts: { fitted: count, heldOut }, bytes: partial.toBytes() };
      },
      async merge(all) {
        const partial = await begun();
        for await (const bytes of all) await partial.merge(bytes);
        return partial.toBytes();
      },
    };
  }

  /** Calls with the scorer that the first phase made. */
  function withScorer<T>({ opened, of }: RunContext<FitTask>, work: (scorer: Scorer) => Promise<T>): Promise<T> {
    const key = scorerKey(opened.plan.run);
    const load = async () => {
      const bytes = await store.get(key);
      if (!bytes) throw new Error(`${where}: ${key} is not in the store`);
      return methodOf(opened.plan.task).restore(decodeScorer(bytes), parts);
    };
    // By the job: one that is added after results were deleted makes another scorer under the same key
    return keeper.use(`${key} ${of}`, load, work);
  }

  function calibrationPhase(context: RunContext<FitTask>): Phase {
    const { share, seed, atMost, blockSize } = context.opened.plan.task.calibrate!;
    const part = (scorer: Scorer) => partialCalibration(scorer, { share, seed, atMost, blockSize });
    return {
      name: CALIBRATE,
      ofShard: (name) =>
        withScorer(context, async (scorer) => {
          const own = part(scorer);
          let rows = 0;
          for await (const block of context.blocksOf(name)) {
            const { signal } = context;
            await own.add(block as unknown as Batch, { ids: block.ids, shard: name, ...(signal && { signal }) });
            rows += block.ids.length;
          }
          return { rows, counts: { calibrated: own.count }, bytes: own.toBytes() };
        }),
      merge: (all) =>
        withScorer(context, async (scorer) => {
          const own = part(scorer);
          for await (const bytes of all) await own.merge(bytes);
          return own.toBytes();
        }),
    };
  }

  const process = jobsOf<FitTask, FitSummary>(
    {
      where,
      phases: [FIT, CALIBRATE],
      read: (given) => Promise.resolve(readFitData(where, given, methods)),
      phase: (name, context) => (name === FIT ? fitPhase(context) : calibrationPhase(context)),
      async whole(context, partOf) {
        const { run, shards, task, classNames } = context.opened.plan;
        const { summary, bytes } = await partOf(FIT);
        const key = scorerKey(run);
        // One that is there is that of this run, made before the job was tried again
        if (!(await store.get(key))) {
          const scorer = await methodOf(task).fromPartial(bytes, { name: 'parts', ...parts });
          try {
            await store.put(key, encodeScorer(scorer.state()));
          } finally {
            scorer.dispose();
          }
        }
        const { rows, failed, counts } = summary;
        const found = { run, method: task.method, shards, rows, failed, fitted: counts.fitted ?? 0, scorer: key };
        if (!task.calibrate) return found;
        const second = await partOf(CALIBRATE);
        const detectorKey = `${run}/detector.safetensors`;
        await withScorer(context, async (scorer) => {
          const { share, seed, atMost, blockSize, ...how } = task.calibrate!;
          const own = partialCalibration(scorer, { share, seed, atMost, blockSize });
          await own.merge(second.bytes);
          const named = classNames && { classNames };
          const given = Object.fromEntries(Object.entries({ ...how, ...named }).filter(([, one]) => one !== undefined));
          const copy = methodOf(task).restore(scorer.state(), parts); // which the detector disposes of
          const detector = calibratedOutputDetector(copy, own.scores(), given);
          await store.put(detectorKey, detector.toBytes());
          detector.dispose();
        });
        const { failed: unread, counts: scored } = second.summary;
        return { ...found, calibration: { rows: scored.calibrated ?? 0, failed: unread, detector: detectorKey } };
      },
    },
    own,
  );
  return Object.assign(process, { dispose: () => keeper.dispose() });
}
