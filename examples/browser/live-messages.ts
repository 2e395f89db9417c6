/** What the page tells the worker. */
export type ToWorker = Start | { type: 'stop' };

/** Train from a seed, for some seconds, on a backend. */
export interface Start {
  type: 'start';
  seed: number;
  seconds: number;
  backend: TrainingBackend;
}

/** What the worker can train on: webgl has no gradients that are as fast. */
export type TrainingBackend = 'wasm' | 'webgpu';

/** A picture of the training: embeddings of new digits (labels 0 to 5) and of things never seen (label -1). */
export interface Frame {
  type: 'frame';
  step: number;
  seconds: number;
  /** Undefined before the first step. */
  loss: number | undefined;
  auroc: number;
  points: Float32Array;
  labels: Int32Array;
}

/** What the worker tells the page. */
export type FromWorker =
  | { type: 'ready' }
  | { type: 'alive' }
  | Frame
  | { type: 'done'; stopped: boolean }
  | { type: 'error'; message: string };
