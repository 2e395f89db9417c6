import { describe, expect, it } from 'vitest';
import { fit } from 'tfjs-ood/training';
import type { EpochInfo, StepInfo, Trainer } from 'tfjs-ood/training';

/** Counts steps; its loss is the step. */
function fakeTrainer(): Trainer & { seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    backend: 'a fake',
    stepsAhead: 0,
    get steps() {
      return seen.length;
    },
    step: (images, labels, epoch) => {
      if (!('set' in images)) throw new Error('rows expected');
      seen.push(`${epoch}: ${Array.from(images.indices).join(',')} ${Array.from(labels).join(',')}`);
      return Promise.resolve({ loss: seen.length });
    },
    state: () => Promise.resolve({ tensors: {}, metadata: {} }),
    restore: () => undefined,
    dispose: () => undefined,
  };
}

function source(stepsPerEpoch: number, at = 0, global = false) {
  let position = at;
  return {
    stepsPerEpoch,
    next() {
      const epoch = Math.floor(position / stepsPerEpoch);
      const step = global ? position : position % stepsPerEpoch;
      const batch = { indices: Int32Array.of(position, 0), labels: Int32Array.of(5, -1), epoch, step };
      position++;
      return batch;
    },
    state: () => ({ position }),
    restore: (state: { position: number }) => (position = state.position),
  };
}
const set = { images: new Uint8Array(0), shape: [0, 2, 2, 1] as const };

describe('fit', () => {
  it.each([false, true])(
    'does every step of every epoch and tells about it (steps counted through: %s)',
    async (global) => {
      const trainer = fakeTrainer();
      const [steps, epochs]: [StepInfo[], EpochInfo[]] = [[], []];
      const batches = source(3, 0, global);
      await fit(trainer, {
        set,
        batches,
        epochs: 2,
        onStep: (s) => steps.push(s),
        onEpoch: (e) => void epochs.push(e),
      });
      expect(trainer.seen[4]).toBe('1: 4,0 5,-1');
      expect(steps.map(({ loss }) => loss)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(steps.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1, 1, 1]);
      expect(epochs.map(({ epoch, meanLoss, steps }) => [epoch, meanLoss, steps])).toEqual([
        [0, 2, 3],
        [1, 5, 3],
      ]);
      expect(epochs.map(({ backend }) => backend)).toEqual(['a fake', 'a fake']);
      expect(epochs[0]!.imagesPerSecond).toBeGreaterThan(0);
      expect(batches.state().position).toBe(6);
    },
  );

  it('goes on from where the batches stand', async () => {
    const trainer = fakeTrainer();
    const epochs: EpochInfo[] = [];
    await fit(trainer, { set, batches: source(3, 4), epochs: 2, onEpoch: (e) => void epochs.push(e) });
    expect(trainer.seen).toEqual(['1: 4,0 5,-1', '1: 5,0 5,-1']);
    expect(epochs.map(({ epoch, meanLoss }) => [epoch, meanLoss])).toEqual([[1, 1.5]]);
  });

  it('does nothing at the end, and loses no batch of a later call', async () => {
    const trainer = fakeTrainer();
    const batches = source(2, 4);
    await fit(trainer, { set, batches, epochs: 2 });
    await fit(trainer, { set, batches: source(2), epochs: 0 });
    expect(trainer.seen).toEqual([]);
    await fit(trainer, { set, batches, epochs: 3 });
    expect(trainer.seen).toEqual(['2: 4,0 5,-1', '2: 5,0 5,-1']);
    await fit(trainer, { set, batches: { ...source(2, 2), state: () => undefined }, epochs: 1 });
    expect(trainer.steps).toBe(2);
  });

  it('waits for onEpoch', async () => {
    const trainer = fakeTrainer();
    const log: number[] = [];
    const onEpoch = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push(trainer.steps);
    };
    await fit(trainer, { set, batches: source(2), epochs: 2, onEpoch });
    expect(log).toEqual([2, 4]);
  });

  it('stops between steps, also when asked by a timer, and goes on without a gap', async () => {
    const trainer = fakeTrainer();
    const batches = source(1000);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await expect(fit(trainer, { set, batches, epochs: 1, signal: controller.signal })).rejects.toThrow('enough');
    expect(trainer.steps).toBeGreaterThan(0);
    expect(batches.state().position).toBe(trainer.steps);
  });

  it('passes on what a step throws', async () => {
    const trainer = { ...fakeTrainer(), step: () => Promise.reject(new Error('NaN')) };
    await expect(fit(trainer, { set, batches: source(2), epochs: 1 })).rejects.toThrow('NaN');
  });
});
