import * as tf from '@tensorflow/tfjs-core';

/** What is used of the engine's state: the operations of a gradient, each with what it saved for the way back. */
interface TapeState {
  gradientDepth: number;
  activeTape: { saved?: tf.Tensor[] }[] | null;
}

/**
 * Frees what the operations of a gradient that threw had saved: tfjs 4.22 disposes it only where the gradient comes to
 * its end.
 */
export function freeTape(): void {
  const { state } = tf.engine() as unknown as { state: TapeState };
  if (state.gradientDepth > 0) return;
  tf.dispose(state.activeTape?.flatMap(({ saved = [] }) => saved) ?? []);
  state.activeTape = null;
}
