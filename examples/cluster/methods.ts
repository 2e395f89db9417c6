import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { mahalanobis, nearestNeighbors, type ScorerMethod } from 'tfjs-ood/scorers';
import type { ClusterMessage } from './messages';

/** What is fitted, by the names that jobs use. */
export const METHODS: Readonly<Record<string, ScorerMethod>> = {
  mahalanobis: mahalanobis(),
  neighbors: nearestNeighbors({ k: 10, bankSize: 4096 }),
};

export async function startBackend(): Promise<void> {
  tf.env().set('PROD', true); // no word on native builds
  await tf.setBackend('wasm');
}

/** To whoever started this process. */
export const tell = (message: Omit<ClusterMessage, 'rss'> = {}): void => {
  process.send?.({ rss: process.memoryUsage.rss(), ...message } satisfies ClusterMessage);
};
