import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from '../core/errors';
import type { Adam } from './adam';
import type { NamedWeight } from '../detector/model/model-weights';

/** An array with its shape, as safetensors hold it. */
export interface StateArray {
  readonly dtype: 'F32';
  readonly shape: number[];
  readonly data: Float32Array;
}

/** Everything that a resumed run needs of the trainer; goes as it is into `encodeSafetensors(tensors, metadata)`. */
export interface TrainerState {
  /** `weights/<name>`, `adam.m/<name>`, `adam.v/<name>`. */
  tensors: Record<string, StateArray>;
  /** `trainer.steps`, `trainer.beta1Product`, `trainer.beta2Product`. */
  metadata: Record<string, string>;
}

/** What {@link Trainer.restore} takes: also arrays of other types, and further names, which are left alone. */
export interface RestorableState {
  readonly tensors: Readonly<
    Record<
      string,
      { readonly dtype: string; readonly shape: readonly number[]; readonly data: ArrayLike<number | bigint> }
    >
  >;
  readonly metadata: Readonly<Record<string, string>>;
}

const KINDS = ['weights', 'adam.m', 'adam.v'] as const;

/** Copies of all weights and moments. They are taken at once, so that a step in the meantime changes nothing. */
export async function readState(weights: readonly NamedWeight[], adam: Adam, steps: number): Promise<TrainerState> {
  const trainable = weights.filter((weight) => weight.trainable);
  const snapshot: [string, tf.Tensor][] = [
    ...weights.map(({ name, variable }) => [`weights/${name}`, tf.clone(variable.read())] as [string, tf.Tensor]),
    ...trainable.map(({ name }, i) => [`adam.m/${name}`, tf.clone(adam.m[i]!)] as [string, tf.Tensor]),
    ...trainable.map(({ name }, i) => [`adam.v/${name}`, tf.clone(adam.v[i]!)] as [string, tf.Tensor]),
  ];
  try {
    const tensors: TrainerState['tensors'] = {};
    for (const [name, tensor] of snapshot) {
      const data = (await tensor.data<'float32'>()).slice(); // the cpu backend hands out its own array
      tensors[name] = { dtype: 'F32', shape: [...tensor.shape], data };
    }
    const [beta1, beta2] = adam.products;
    const metadata = {
      'trainer.steps': String(steps),
      'trainer.beta1Product': String(beta1),
      'trainer.beta2Product': String(beta2),
    };
    return { tensors, metadata };
  } finally {
    snapshot.forEach(([, tensor]) => tensor.dispose());
  }
}

/** Checks all of a state, then puts it into the weights and moments; returns the steps. On an error nothing changes. */
export function writeState(state: RestorableState, weights: readonly NamedWeight[], adam: Adam): number {
  const trainable = weights.filter((weight) => weight.trainable);
  checkTensors(state, weights, trainable);
  const { steps, products } = readCounters(state.metadata);
  const tensor = (name: string) => {
    const { data, shape } = state.tensors[name]!;
    return tf.tensor((data as Float32Array).slice(), [...shape], 'float32');
  };
  tf.tidy(() => {
    for (const { name, variable } of weights) (variable.read() as tf.Variable).assign(tensor(`weights/${name}`));
    const moments = (kind: string) => trainable.map(({ name }) => tensor(`${kind}/${name}`));
    adam.restore(moments('adam.m'), moments('adam.v'), products);
  });
  return steps;
}

function refuse(what: string, expected: string, received: string): never {
  throw new ArgumentError('Trainer.restore', what, expected, received);
}

function checkTensors(
  state: RestorableState,
  weights: readonly NamedWeight[],
  trainable: readonly NamedWeight[],
): void {
  const names = new Set<string>();
  for (const kind of KINDS) {
    for (const { name, variable } of kind === 'weights' ? weights : trainable) {
      const full = `${kind}/${name}`;
      names.add(full);
      const expected = `[${variable.shape.join(', ')}]`;
      const array = Object.hasOwn(state.tensors, full) ? state.tensors[full] : undefined;
      if (!array) refuse(full, `an array of shape ${expected}`, 'none of this name; the model is another one');
      const received = `[${array.shape.join(', ')}]`;
      if (received !== expected) refuse(`shape of ${full}`, expected, received);
      if (array.dtype !== 'F32') refuse(`type of ${full}`, 'F32', array.dtype);
      const size = array.shape.reduce((product, length) => product * length, 1);
      if (array.data.length !== size) refuse(`length of ${full}`, String(size), String(array.data.length));
    }
  }
  const isOurs = (name: string) => KINDS.some((kind) => name.startsWith(`${kind}/`));
  const stray = Object.keys(state.tensors).find((name) => isOurs(name) && !names.has(name));
  if (stray !== undefined) refuse('state', 'the weights of this model and no others', `also ${stray}`);
}

function readCounters(metadata: RestorableState['metadata']): { steps: number; products: [number, number] } {
  const read = (key: string, expected: string, isRight: (value: number) => boolean): number => {
    const text = Object.hasOwn(metadata, key) ? metadata[key]! : '';
    const value = text.trim() === '' ? NaN : Number(text);
    return isRight(value) ? value : refuse(`metadata '${key}'`, expected, text === '' ? 'none' : text);
  };
  const isProduct = (value: number) => value >= 0 && value <= 1;
  return {
    steps: read('trainer.steps', 'an integer >= 0', (value) => Number.isSafeInteger(value) && value >= 0),
    products: [
      read('trainer.beta1Product', 'a number in [0, 1]', isProduct),
      read('trainer.beta2Product', 'a number in [0, 1]', isProduct),
    ],
  };
}
