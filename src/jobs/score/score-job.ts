import { oneOf, required } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { csvWriter } from '../../blocks/write/csv-writer';
import { parquetWriter } from '../../blocks/write/parquet-writer';
import { METHODS, type ScorerMethods } from '../../detector/scorer-kinds';
import type { JobProcessor } from '../queue/queue-job';
import { readData, SHARDS_DATA, type ShardsData } from '../run/job-data';
import { keptLoaded } from '../run/kept-loaded';
import { jobsOf, type RunContext, type RunSummary } from '../run/run-job';
import { WORKER_OPTIONS, type WorkerOptions } from '../run/worker-options';
import { PLAIN_NAME } from '../shards/place-within';
import type { PartSummary } from '../tree/part-result';
import type { Phase } from '../tree/run-part';
import { digestOfBytes, loadJudge, type JudgeFile, type RowJudge } from './row-judge';

/** Options of {@link scoreJob}. */
export interface ScoreJobOptions extends WorkerOptions {
  /** Methods by kind, of which the one is taken that the saved scorer names: `scorerMethods`, or a few of them. */
  methods: ScorerMethods;
}

/** The data of a job that scores shards. */
export interface ScoreData extends ShardsData {
  /** The key of a scorer (`encodeScorer`) or detector (`toBytes`) in the store, such as that which `fitJob` made. */
  scorer: string;
  /** How scores are written; default `'parquet'`. */
  format?: 'parquet' | 'csv';
}

/** What a job that scored came to. */
export interface ScoreSummary extends RunSummary {
  /** Rows that were called OoD, where it was a detector. */
  ood?: number;
  /** What the keys of the scores begin with; the rest is the name of a shard. */
  scores: string;
}

interface ScoreTask {
  file: JudgeFile;
  format: 'parquet' | 'csv';
}

const PHASE = 'score';

/** The key of the scores of a shard. */
const scoresKey = (run: string, shard: string, format: string) =>
  `${run}/scores/${shard}${shard.toLowerCase().endsWith(`.${format}`) ? '' : `.${format}`}`;

/** Throws where scores of two shards would lie under one key. @throws ArgumentError */
function checkPlaces(names: readonly string[], format: string): void {
  const all = new Set(names);
  const clash = names.find((name) => !name.toLowerCase().endsWith(`.${format}`) && all.has(`${name}.${format}`));
  if (clash === undefined) return;
  const expected = `names of which none is another one with .${format} after it, where its scores lie`;
  throw new ArgumentError('scoreJob', 'job.data.shards', expected, `${clash} and ${clash}.${format}`);
}

/** A sink that keeps what is written. */
function keptBytes() {
  const chunks: Uint8Array[] = [];
  const sink = new WritableStream<Uint8Array>({ write: (bytes) => void chunks.push(bytes) });
  return { sink, bytes: () => new Uint8Array(Buffer.concat(chunks)) };
}

/**
 * Jobs that score shards: the processor of a BullMQ worker. A shard is read, scored and written under the run's name,
 * with its ids; twice the same bytes, whoever does it again.
 *
 * The scores of a shard are in memory until they are put: some 40 bytes a row, and its id.
 *
 * @returns the processor; a run's job resolves to its {@link ScoreSummary}
 * @throws ArgumentError for wrong options; of a job for data out of range, by which it fails for good
 * @example
 * const processor = scoreJob({ queue, store: folderStore('runs'), roots: { fresh: 'fresh' }, methods: scorerMethods });
 * processor.dispose(); // when the worker is closed
 */
export function scoreJob(options: ScoreJobOptions): JobProcessor<ScoreSummary | PartSummary> {
  const where = 'scoreJob';
  const { methods, ...own } = readOptions(where, options, { ...WORKER_OPTIONS, methods: [required(METHODS)] });
  const { store } = own;
  const keeper = keptLoaded<RowJudge>();

  async function read(given: unknown): Promise<{ data: ShardsData; task: ScoreTask }> {
    const { scorer, format, ...data } = readData<ScoreData>(where, given, {
      ...SHARDS_DATA,
      scorer: [PLAIN_NAME],
      format: [oneOf('parquet', 'csv'), 'parquet'],
    });
    if (data.columns.ids === undefined) {
      throw new ArgumentError(where, 'job.data.columns', 'with ids, which the scores are written with', data.columns);
    }
    const bytes = await store.get(scorer);
    if (!bytes) throw new ArgumentError(where, 'job.data.scorer', 'a key of the store', scorer);
    return { data, task: { file: { key: scorer, digest: digestOfBytes(bytes) }, format: format! } };
  }

  function phase({ opened, blocksOf, signal }: RunContext<ScoreTask>): Phase {
    const { run, task } = opened.plan;
    const load = () => loadJudge(where, store, task.file, methods);
    return {
      name: PHASE,
      ofShard: (name) =>
        keeper.use(`${task.file.key} ${task.file.digest}`, load, async ({ judge }) => {
          const kept = keptBytes();
          const writer = task.format === 'csv' ? csvWriter(kept.sink) : parquetWriter(kept.sink);
          let rows = 0;
          let ood: number | undefined;
          for await (const block of blocksOf(name)) {
            const verdicts = await judge(block, signal);
            if (Array.isArray(verdicts)) {
              const called = (verdicts as { isOod?: boolean }[]).filter(({ isOod }) => isOod).length;
              ood = (ood ?? 0) + called;
            }
            await writer.add(block.ids, verdicts);
            rows += block.ids.length;
          }
          await writer.close();
          await store.put(scoresKey(run, name, task.format), kept.bytes());
          return { rows, counts: ood === undefined ? {} : { ood }, bytes: new Uint8Array() };
        }),
    };
  }

  const process = jobsOf<ScoreTask, ScoreSummary>(
    {
      where,
      read,
      phases: [PHASE],
      phase: (_, context) => phase(context),
      async whole({ opened: { plan, names } }, partOf) {
        checkPlaces(names, plan.task.format);
        const { rows, failed, counts } = (await partOf(PHASE)).summary;
        const ood = counts.ood === undefined ? {} : { ood: counts.ood };
        return { run: plan.run, shards: plan.shards, rows, failed, ...ood, scores: `${plan.run}/scores/` };
      },
    },
    own,
  );
  return Object.assign(process, { dispose: () => keeper.dispose() });
}
