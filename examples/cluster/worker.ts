import { Queue, Worker } from 'bullmq';
import { scorerMethods } from 'tfjs-ood/detector';
import { fitJob, folderStore, scoreJob, type JobProcessor } from 'tfjs-ood/jobs';
import { METHODS, startBackend, tell } from './methods';
import { FIT_QUEUE, SCORE_QUEUE, type WorkerOrders } from './messages';

/** A worker of both queues, until it is ended. */
export async function runWorker({ port, lock, train, fresh, store: folder }: WorkerOrders): Promise<void> {
  await startBackend();
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const store = folderStore(folder);
  const roots = { train, fresh };
  const opened = [FIT_QUEUE, SCORE_QUEUE].map((name) => {
    const queue = new Queue(name, { connection });
    const shared = { queue, store, roots };
    const processor: JobProcessor<object> =
      name === FIT_QUEUE ? fitJob({ ...shared, methods: METHODS }) : scoreJob({ ...shared, methods: scorerMethods });
    const worker = new Worker(name, processor, {
      connection,
      lockDuration: lock,
      stalledInterval: lock / 2,
      maxStalledCount: 10,
    });
    for (const one of [queue, worker])
      (one as { on(event: string, listener: () => void): void }).on('error', () => undefined);
    return { queue, worker, processor };
  });
  setInterval(tell, 500);
  for (const { worker } of opened) await worker.waitUntilReady();
  tell({ isReady: true });
  process.once('SIGTERM', () => {
    void (async () => {
      for (const { queue, worker, processor } of opened) {
        await worker.close();
        await queue.close();
        processor.dispose();
      }
      process.exit();
    })();
  });
  process.once('disconnect', () => process.exit()); // whoever started it is gone
}
