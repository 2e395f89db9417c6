import { check, FUNCTION, INDEX, OBJECT, type Rule } from '../core/check';
import { nextTask } from '../core/next-task';
import { readOptions, type Declared } from '../core/read-options';
import type { ImageSet } from '../core/images';
import { checkImageSet } from '../tensors/gather-images';
import type { Trainer } from './trainer';

/** Where a training run gets its batches; `odmBatches` of this package is one. */
export interface TrainingBatches {
  readonly stepsPerEpoch: number;
  /** The next batch: rows of the image set, their labels, and its epoch and step, counted from 0. */
  next(): { indices: Int32Array; labels: Int32Array; epoch: number; step: number };
  /**
   * Where the source stands, and going back there, so that a source at its end does not lose a batch to the look ahead.
   */
  state?(): unknown;
  restore?(state: never): void;
}

/** What {@link FitOptions.onStep} gets. */
export interface StepInfo {
  epoch: number;
  step: number;
  loss: number;
  /** Images in the batch. */
  images: number;
}

/** What {@link FitOptions.onEpoch} gets; means are over the steps of the epoch that this call did. */
export interface EpochInfo {
  epoch: number;
  /** Name of the tfjs backend that trained. */
  backend: string;
  meanLoss: number;
  imagesPerSecond: number;
  steps: number;
  seconds: number;
}

/** Options of {@link fit}. */
export interface FitOptions {
  set: ImageSet;
  batches: TrainingBatches;
  /** Ends after epoch `epochs - 1`. */
  epochs: number;
  onStep?: (info: StepInfo) => void;
  /** Awaited before the next epoch begins: the place to write a checkpoint. */
  onEpoch?: (info: EpochInfo) => void | Promise<void>;
  /** Stops between two steps, by throwing its reason. */
  signal?: AbortSignal;
}

const TRAINER: Rule = {
  expected: 'what createTrainer() returns',
  holds: (value: unknown) => FUNCTION.holds((Object(value) as { step?: never }).step!),
};
const BATCHES: Rule = {
  expected: 'what odmBatches() or classBalancedBatches() returns',
  holds: (value: unknown) => FUNCTION.holds((Object(value) as { next?: never }).next!),
};
const OPTIONS = {
  set: [OBJECT],
  batches: [OBJECT],
  epochs: [INDEX],
  onStep: [FUNCTION],
  onEpoch: [FUNCTION],
  signal: [OBJECT],
} as const satisfies Declared<FitOptions>;

/**
 * Trains from wherever `batches` stands until `epochs` epochs are done.
 *
 * @throws ArgumentError for an option out of its rule; whatever a step throws (NotFiniteError if the loss is NaN or
 *   infinite), or the reason of `signal`
 * @example
 * await fit(trainer, { set, batches, epochs: 10, onEpoch: ({ epoch, meanLoss }) => console.log(epoch, meanLoss) });
 */
export async function fit(trainer: Trainer, options: FitOptions): Promise<void> {
  const where = 'fit';
  const { set, batches, epochs, onStep, onEpoch, signal } = readOptions(where, options, OPTIONS);
  check(where, 'set', set, OBJECT);
  check(where, 'batches', batches, OBJECT);
  check(where, 'epochs', epochs, INDEX);
  check(where, 'trainer', trainer, TRAINER);
  checkImageSet(where, set);
  check(where, 'batches', batches, BATCHES);
  if (epochs === 0) return;
  let [start, losses, images, steps] = [performance.now(), 0, 0, 0];
  const underWay: Promise<void>[] = [];
  const settle = async (most: number) => {
    while (underWay.length > most) await underWay.shift();
  };
  try {
    for (;;) {
      signal?.throwIfAborted();
      const before = batches.state?.();
      const { indices, labels, epoch, step } = batches.next();
      if (epoch >= epochs) {
        if (before !== undefined) batches.restore?.(before as never);
        await settle(0);
        return;
      }
      const done = trainer.step({ set, indices }, labels, epoch).then(({ loss }) => {
        losses += loss;
        images += indices.length;
        steps++;
        onStep?.({ epoch, step, loss, images: indices.length });
      });
      done.catch(() => undefined); // it is awaited in its turn
      underWay.push(done);
      await settle(trainer.stepsAhead);

      if (step % batches.stepsPerEpoch === batches.stepsPerEpoch - 1) {
        await settle(0);
        const seconds = (performance.now() - start) / 1000;
        const { backend } = trainer;
        await onEpoch?.({
          epoch,
          backend,
          meanLoss: losses / steps,
          imagesPerSecond: images / seconds,
          steps,
          seconds,
        });
        if (epoch + 1 >= epochs) return;
        [start, losses, images, steps] = [performance.now(), 0, 0, 0];
      }
      await nextTask();
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
