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

/** What was done of an epoch that is not at its end. */
interface Begun extends TrainingTime {
  losses: number;
  images: number;
  steps: number;
}

const LINES = 'epochs.jsonl';
const NOTHING: Begun = { losses: 0, images: 0, steps: 0, seconds: 0, cpuSeconds: 0 };
/** Milliseconds to the first checkpoint, where an epoch is long, and between the others. */
const FIRST_MS = 30_000;
const NEXT_MS = 300_000;
/** The reason for which a training pauses to write a checkpoint within an epoch. */
const PAUSED = new Error('paused');

async function timeOf(folder: RunFolder): Promise<TrainingTime> {
  const text = await readFile(join(folder.path, LINES), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const epochs = lines.map((line) => JSON.parse(line) as EpochLine);
  const sum = (key: keyof TrainingTime) => epochs.reduce((total, epoch) => total + epoch[key], 0);
  return { seconds: sum('seconds'), cpuSeconds: sum('cpuSeconds') };
}

/** What differs from `fit`. */
export interface ResumableOptions extends Omit<FitOptions, 'batches' | 'onEpoch' | 'onStep'> {
  batches: Required<TrainingBatches>;
  onStep?: NonNullable<FitOptions['onStep']>;
  /**
   * Called with 0 before the first step, and with the epochs done after each and its line, before the checkpoint that
   * ends it.
   */
  onEpoch?: (epoch: number, line?: EpochLine) => Promise<void>;
  /** Milliseconds to the first checkpoint within an epoch, and from each to the next. */
  checkpointsAfter?: readonly [first: number, next: number];
}

/**
 * `fit` that leaves a line and a checkpoint after each epoch, and goes on from the last one. Where an epoch is long, a
 * checkpoint comes within it too: the first within the first minute, then every five; and one when `signal` stops it.
 * It holds the weights, Adam's moments and where the batches stand; all random numbers follow from the seed and the
 * step, so a resumed training is the uninterrupted one.
 *
 * @throws the reason of `signal`, when what was done is kept
 */
export async function resumableFit(
  trainer: Trainer,
  { batches, onStep, onEpoch, signal, checkpointsAfter = [FIRST_MS, NEXT_MS], ...options }: ResumableOptions,
  folder: RunFolder,
): Promise<TrainingTime> {
  const checkpoint = await folder.latestCheckpoint();
  let begun: Begun = { ...NOTHING };
  if (checkpoint) {
    for (const name of checkpoint.damaged) console.warn(`${join(folder.path, name)} is not whole: passed over`);
    const { tensors, metadata } = decodeSafetensors(checkpoint.bytes, 'checkpoint');
    trainer.restore({ tensors, metadata });
    batches.restore(JSON.parse(metadata.batches!) as never);
    if (metadata.begun !== undefined) begun = JSON.parse(metadata.begun) as Begun;
  }
  // Lines of epochs after the checkpoint were written by a run that was stopped; they come again.
  let done = checkpoint?.epoch ?? 0;
  await folder.truncateLines(LINES, (record) => typeof record.epoch === 'number' && record.epoch <= done);
  if (!checkpoint) await onEpoch?.(0);

  let [start, cpu] = [performance.now(), process.cpuUsage()];
  const clockAgain = () => ([start, cpu] = [performance.now(), process.cpuUsage()]);
  /** The time since the clock was set belongs to the steps that were begun. */
  const takeTime = () => {
    const { user, system } = process.cpuUsage(cpu);
    begun.seconds += (performance.now() - start) / 1000;
    begun.cpuSeconds += (user + system) / 1e6;
  };
  let dueAt = start + checkpointsAfter[0];
  const save = async () => {
    const { tensors, metadata } = await trainer.state();
    const more = { batches: JSON.stringify(batches.state()), ...(begun.steps > 0 && { begun: JSON.stringify(begun) }) };
    await folder.saveCheckpoint(encodeSafetensors(tensors, { ...metadata, ...more }), { epoch: done });
    dueAt = performance.now() + checkpointsAfter[1];
  };

  for (;;) {
    const pause = new AbortController();
    try {
      await fit(trainer, {
        ...options,
        batches,
        signal: signal ? AbortSignal.any([signal, pause.signal]) : pause.signal,
        onStep: (info) => {
          begun.losses += info.loss;
          begun.images += info.images;
          begun.steps++;
          onStep?.(info);
          if (performance.now() >= dueAt) pause.abort(PAUSED);
        },
        onEpoch: async ({ epoch, backend }) => {
          takeTime();
          const { losses, images, steps, seconds, cpuSeconds } = begun;
          begun = { ...NOTHING };
          done = epoch + 1;
          const line: EpochLine = {
            epoch: done,
            backend,
            steps: trainer.steps,
            loss: losses / steps,
            imagesPerSecond: images / seconds,
            seconds,
            cpuSeconds,
          };
          await folder.appendLine(LINES, line);
          await onEpoch?.(done, line);
          await save();
          clockAgain();
        },
      });
      return await timeOf(folder);
    } catch (error) {
      if (error !== PAUSED && !(signal?.aborted === true && error === signal.reason)) throw error;
      if (begun.steps > 0) {
        takeTime();
        await save();
      }
      if (error !== PAUSED) throw error;
      clockAgain();
    }
  }
}
