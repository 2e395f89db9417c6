import * as tf from '@tensorflow/tfjs-core';
import { ANY_SHARE, INDEX, OBJECT, type Rule } from '../core/check';
import { readSaved } from '../core/saved/read-saved';
import {
  firstWrong,
  readArrays,
  writeArrays,
  type NumbersRule,
  type SavedArray,
  type SavedArrays,
} from '../core/saved/saved-arrays';
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

const SQUARES: NumbersRule = { expected: 'numbers from 0', wrong: firstWrong((value) => value >= 0) };

/** A rule for the text of a number. */
const asText = ({ expected, holds }: Rule): Rule => ({
  expected,
  holds: (text: unknown) => typeof text === 'string' && text.trim() !== '' && holds(Number(text)),
});

const COUNTERS = {
  'trainer.steps': [asText(INDEX)],
  'trainer.beta1Product': [asText(ANY_SHARE)],
  'trainer.beta2Product': [asText(ANY_SHARE)],
} as const;
type Counters = Record<keyof typeof COUNTERS, string>;

/** What a state may share its file with is left alone. */
const below = <T>(all: Readonly<Record<string, T>>, ...starts: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => starts.some((start) => name.startsWith(start))));

/** Every array of the state of a model with these weights. */
function declaredArrays(weights: readonly NamedWeight[]): SavedArrays {
  const trainable = weights.filter((weight) => weight.trainable);
  const ofKind = (kind: string, of: readonly NamedWeight[], rule?: NumbersRule) =>
    of.map(({ name, variable }): [string, SavedArray] => [
      `${kind}/${name}`,
      { dtype: 'F32', shape: variable.shape as number[], ...(rule && { rule }) },
    ]);
  return Object.fromEntries([
    ...ofKind('weights', weights),
    ...ofKind('adam.m', trainable),
    ...ofKind('adam.v', trainable, SQUARES),
  ]);
}

/** Copies of all weights and moments. They are taken at once, so that a step in the meantime changes nothing. */
export async function readState(weights: readonly NamedWeight[], adam: Adam, steps: number): Promise<TrainerState> {
  const declared = declaredArrays(weights);
  const tensors = [...weights.map(({ variable }) => variable.read()), ...adam.m, ...adam.v].map((own) => tf.clone(own));
  try {
    const arrays: Record<string, Float32Array> = {};
    for (const [i, name] of Object.keys(declared).entries()) {
      arrays[name] = (await tensors[i]!.data<'float32'>()).slice(); // the cpu backend hands out its own array
    }
    const [beta1, beta2] = adam.products;
    const metadata: Counters = {
      'trainer.steps': String(steps),
      'trainer.beta1Product': String(beta1),
      'trainer.beta2Product': String(beta2),
    };
    return { tensors: writeArrays(declared, arrays) as TrainerState['tensors'], metadata };
  } finally {
    tf.dispose(tensors);
  }
}

/** Checks all of a state, then puts it into the weights and moments; returns the steps. On an error nothing changes. */
export function writeState(state: RestorableState, weights: readonly NamedWeight[], adam: Adam): number {
  const where = 'Trainer.restore';
  const parts = { tensors: state?.tensors, metadata: state?.metadata };
  const { tensors, metadata } = readSaved<RestorableState>(
    where,
    parts,
    { tensors: [OBJECT], metadata: [OBJECT] },
    'state',
  );
  const arrays = readArrays(where, below(tensors as never, 'weights/', 'adam.'), declaredArrays(weights));
  const counters = readSaved<Counters>(where, below(metadata, 'trainer.'), COUNTERS, 'state.metadata');
  const tensor = (name: string, shape: readonly (number | null)[]) =>
    tf.tensor(arrays[name]!.slice(), shape as number[], 'float32');
  const moments = (kind: string) =>
    weights.flatMap(({ trainable, name, variable }) => (trainable ? [tensor(`${kind}/${name}`, variable.shape)] : []));
  tf.tidy(() => {
    for (const { name, variable } of weights) {
      (variable.read() as tf.Variable).assign(tensor(`weights/${name}`, variable.shape));
    }
    const products = [Number(counters['trainer.beta1Product']), Number(counters['trainer.beta2Product'])] as const;
    adam.restore(moments('adam.m'), moments('adam.v'), products);
  });
  return Number(counters['trainer.steps']);
}
