import { basename, isAbsolute } from 'node:path';
import { version_core } from '@tensorflow/tfjs-core';
import type { Json } from 'tfjs-ood/metrics';
import type { EmbeddingHistory, Report } from 'tfjs-ood/report';
import packageFile from '../../package.json' with { type: 'json' };
import { testSets, type Sets } from './experiment';
import type { Result } from './results';
import type { Scored } from './scores';
import { flagOf } from './settings';

/** A report is handed on: where a folder lies on this machine is no part of it. */
const withoutFolder = (value: Json): Json => (typeof value === 'string' && isAbsolute(value) ? basename(value) : value);

/** What the report of a training shows: its first scorer. */
export function reportOf(
  title: string,
  config: Readonly<Record<string, Json>>,
  sets: Sets,
  { scorers, answers }: Scored,
  { evaluation }: Result,
  history: EmbeddingHistory | undefined,
): Report {
  const { scorer, ...scores } = scorers[0]!;
  const [known, ...out] = testSets(sets).map(({ name, images }, i) => ({
    name,
    images,
    scores: i === 0 ? scores.known : scores.out[name]!,
    nearest: answers[i]!.nearest,
    embeddings: answers[i]!.outputs,
    ...(i === 0 && { labels: sets.known.test.labels }),
  }));
  const values = Object.entries(config).map(([key, value]) => [flagOf(key), withoutFolder(value)] as const);
  return {
    title: `${title}: ${scorer}`,
    evaluation,
    known: known!,
    out,
    classNames: sets.known.classNames,
    ...(history && { history }),
    about: {
      ...Object.fromEntries(values),
      'tfjs-ood': packageFile.version,
      'tfjs-core': version_core,
      node: process.version,
    },
  };
}
