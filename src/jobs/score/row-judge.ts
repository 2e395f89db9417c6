import { createHash } from 'node:crypto';
import { ArgumentError } from '../../core/errors';
import { decodeSafetensors } from '../../core/saved/safetensors';
import type { Block } from '../../blocks/stream/block';
import type { VerdictRow } from '../../blocks/write/verdict-rows';
import { loadOutputDetector } from '../../detector/load-output-detector';
import { methodOf, type ScorerMethods } from '../../detector/scorer-kinds';
import { decodeScorer } from '../../scorers/contract/scorer-state';
import type { Batch } from '../../scorers/contract/scorer';
import type { JobStore } from '../stores/job-store';

/** What says of rows how strange they are: a scorer, or a detector. */
export interface RowJudge {
  /** Scores, or verdicts, of a block. */
  judge(block: Block, signal?: AbortSignal): Promise<Float32Array | readonly VerdictRow[]>;
  dispose(): void;
}

/** Which file of the store it is, and the SHA-256 of what it held when the run began. */
export interface JudgeFile {
  key: string;
  digest: string;
}

export const digestOfBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The scorer or detector that bytes hold. @throws FormatError, ArgumentError where they hold neither */
function judgeOf(where: string, key: string, bytes: Uint8Array, methods: ScorerMethods): RowJudge {
  const { format } = decodeSafetensors(bytes, key).metadata;
  if (format === 'tfjs-ood/detector') {
    const detector = loadOutputDetector(bytes, { methods });
    return {
      judge: (block, signal) => detector.predict(block, signal && { signal }),
      dispose: () => detector.dispose(),
    };
  }
  const state = decodeScorer(bytes);
  const scorer = methodOf(where, state, { methods }).restore(state, {});
  return {
    judge: (block, signal) => scorer.score(block as unknown as Batch, signal && { signal }),
    dispose: () => scorer.dispose(),
  };
}

/** The scorer or detector of a file. @throws as above; ArgumentError where the file is another one by now */
export async function loadJudge(
  where: string,
  store: JobStore,
  { key, digest }: JudgeFile,
  methods: ScorerMethods,
): Promise<RowJudge> {
  const bytes = await store.get(key);
  if (bytes && digestOfBytes(bytes) === digest) return judgeOf(where, key, bytes, methods);
  const received = bytes ? `other bytes under ${key}` : `nothing under ${key}`;
  throw new ArgumentError(where, 'job.data.scorer', 'what it was when the run began', received);
}
