import { version_core } from '@tensorflow/tfjs-core';
import type { EmbeddingHistory, Report } from 'tfjs-ood/report';
import packageFile from '../../package.json' with { type: 'json' };
import { flagOf, type Config } from './config';
import type { ImageScores, Results } from './evaluate';

const CIFAR10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

/** What the report of a run shows. */
export function reportOf(
  config: Config,
  { evaluation }: Results,
  scores: readonly ImageScores[],
  history: EmbeddingHistory | undefined,
): Report {
  const [known, ...out] = scores.map(({ set, images, embeddings, labels, nearest, scores: values }, i) => ({
    name: set,
    scores: values,
    nearest,
    embeddings,
    images,
    ...(i === 0 && { labels }),
  }));
  const values = Object.entries(config).map(([key, value]) => [flagOf(key), String(value)] as const);
  return {
    title: `${config.in} known, ${config.seen} seen: ${config.loss}, nearest class mean`,
    evaluation,
    known: known!,
    out,
    classNames: config.in === 'cifar10' ? CIFAR10 : DIGITS,
    ...(history && { history }),
    about: {
      ...Object.fromEntries(values),
      'tfjs-ood': packageFile.version,
      'tfjs-core': version_core,
      node: process.version,
    },
  };
}
