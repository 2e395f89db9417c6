import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from 'tfjs-ood';
import { fit, type TrainingBatches, type FitOptions, type Trainer } from 'tfjs-ood/training';
import type { RunFolder } from 'tfjs-ood/node';

/** A line of `epochs.jsonl`. Times are of the steps alone; CPU time is of all threads. */
export interface EpochLine {
  epoch: number;
  /** Backend that trained. */
  backend: string;
  steps: number;
  loss: number;
  imagesPerSecond: number;
  seconds: number;
  cpuSeconds: number;
}

/** What a training took, over all calls that it was stopped and went on in. */
export type TrainingTime = Pick<EpochLine, 'seconds' | 'cpuSeconds'>;

const LINES = 'epochs.jsonl';

async function timeOf(folder: RunFolder): Promise<TrainingTime> {
  const text = await readFile(join(folder.path, LINES), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const epochs = lines.map((line) => JSON.parse(line) as EpochLine);
  const sum = (key: keyof TrainingTime) => epochs.reduce((total, epoch) => total + epoch[key], 0);
  return { seconds: sum('seconds'), cpuSeconds: sum('cpuSeconds') };
}

/**
 * `fit` that leaves a checkpoint and a line after each epoch, and goes on from the last one. A checkpoint holds the
 * weights, Adam's moments and where the batches stand; all random numbers follow from the seed and the step, so a
 * resumed training is the uninterrupted one.
 *
 * @param onEpoch called with 0 before the first step, and with the epochs done after each and its line, before the
 *   checkpoint that ends it
 */
export async function resumableFit(
  trainer: Trainer,
  { batches, epochs, ...options }: Omit<FitOptions, 'batches' | 'onEpoch'> & { batches: Required<TrainingBatches> },
  folder: RunFolder,
  onEpoch?: (epoch: number, line?: EpochLine) => Promise<void>,
): Promise<TrainingTime> {
  const checkpoint = await folder.latestCheckpoint();
  if (checkpoint) {
    for (const name of checkpoint.damaged) console.warn(`${join(folder.path, name)} is not whole: passed over`);
    const { tensors, metadata } = decodeSafetensors(checkpoint.bytes, 'checkpoint');
    trainer.restore({ tensors, metadata });
    batches.restore(JSON.parse(metadata.batches!) as never);
  }
  // Lines of epochs after the checkpoint were written by a run that was stopped; they come again.
  const done = checkpoint?.epoch ?? 0;
  await folder.truncateLines(LINES, (record) => typeof record.epoch === 'number' && record.epoch <= done);

  if (done === 0) await onEpoch?.(0);
  let before = process.cpuUsage();
  await fit(trainer, {
    ...options,
    batches,
    epochs,
    onEpoch: async ({ epoch, backend, meanLoss, imagesPerSecond, seconds }) => {
      const { user, system } = process.cpuUsage(before);
      const finished = epoch + 1;
      const line: EpochLine = {
        epoch: finished,
        backend,
        steps: trainer.steps,
        loss: meanLoss,
        imagesPerSecond,
        seconds,
        cpuSeconds: (user + system) / 1e6,
      };
      await folder.appendLine(LINES, line);
      await onEpoch?.(finished, line);
      const { tensors, metadata } = await trainer.state();
      const bytes = encodeSafetensors(tensors, { ...metadata, batches: JSON.stringify(batches.state()) });
      await folder.saveCheckpoint(bytes, { epoch: finished });
      before = process.cpuUsage();
    },
  });
  return timeOf(folder);
}
