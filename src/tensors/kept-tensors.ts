import * as tf from '@tensorflow/tfjs-core';
import { oneBackend } from './one-backend';

/** Tensors of a scorer, made on the backend when first needed. */
export interface KeptTensors<T> {
  /** @throws ArgumentError where the backend is another one than when they were made */
  get(): T;
  dispose(): void;
}

/** Keeps what `make` makes until it is disposed; `where` is the public function, for errors. */
export function keptTensors<T extends Record<string, tf.Tensor>>(where: string, make: () => T): KeptTensors<T> {
  let made: { tensors: T; check: (where: string) => void } | undefined;
  return {
    get() {
      if (!made) {
        const check = oneBackend();
        const tensors = tf.tidy(make);
        Object.values(tensors).forEach((tensor) => tf.keep(tensor));
        made = { tensors, check };
      }
      made.check(where);
      return made.tensors;
    },
    dispose() {
      if (made) tf.dispose(made.tensors);
      made = undefined;
    },
  };
}
