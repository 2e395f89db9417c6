import type { QueueJob } from 'tfjs-ood/jobs';

/** A job that no queue knows: what it is asked of the queue is as where nothing was added. */
export function loneJob(data: unknown, id = '1'): QueueJob & { progress: object[] } {
  const progress: object[] = [];
  return {
    id,
    data,
    timestamp: 1_700_000_000_000,
    queueQualifiedName: 'bull:none',
    progress,
    updateProgress: (one) => Promise.resolve(void progress.push(one)),
    moveToWaitingChildren: () => Promise.resolve(true),
    getChildrenValues: () => Promise.resolve({}),
    getIgnoredChildrenFailures: () => Promise.resolve({}),
  };
}
