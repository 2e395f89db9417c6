import * as tf from '@tensorflow/tfjs-core';

interface Recorder {
  recordAndSubmit(this: unknown, program: object, ...rest: unknown[]): void;
}

/** Every kernel goes through this method, whoever wrote it. Counts by name what is launched until `stop`. */
export function countKernels() {
  const backend = tf.backend() as unknown as Recorder;
  const record = backend.recordAndSubmit;
  let counts = new Map<string, number>();
  backend.recordAndSubmit = function (program, ...rest) {
    const { name } = (program as { constructor: { name: string } }).constructor;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    record.call(this, program, ...rest);
  };
  return {
    /** What was launched since the last call. */
    take(): Map<string, number> {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    stop: () => void (backend.recordAndSubmit = record),
  };
}

export const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
