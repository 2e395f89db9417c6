import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('cpu');

/** Four rows of two numbers, and a label of each: what every right argument here is made of. */
const ROWS = [0, 1, 5, 2, 1, 7, 3, 4];
export const LABELS = [0, 1, 0, 1];
export const SCORES = [0.5, 0.25, 0.75, 1];

const kept = <T extends tf.Tensor>(tensor: T): T => tf.keep(tensor);
export const rows = kept(tf.tensor2d(ROWS, [4, 2]));
export const labels = kept(tf.tensor1d(LABELS, 'int32'));
export const images = kept(tf.tensor4d(new Float32Array(4 * 4), [4, 2, 2, 1]));
export const given = { data: Float32Array.from(ROWS), shape: [4, 2] as const };
export const imageSet = { images: new Uint8Array(16), shape: [4, 2, 2, 1] as const };

/** What people pass by mistake, by the words for it. Of one kind of content all hold the same. */
export const things = {
  undefined: undefined,
  null: null,
  'a number': 7,
  NaN: NaN,
  'a string': 'cat',
  true: true,
  'a function': () => 1,
  'a promise': Promise.resolve(given),
  'an object': {},
  'no element': [],
  'an array of labels': LABELS,
  'an Int32Array of labels': Int32Array.from(LABELS),
  'a BigInt64Array': BigInt64Array.from(LABELS, BigInt),
  'an array of bigints': LABELS.map(BigInt),
  'an array of strings': ['cat', 'dog', 'cat', 'dog'],
  'an array of scores': SCORES,
  'a Float64Array of scores': Float64Array.from(SCORES),
  'an array with a hole': [0, undefined, 0, 1],
  'a Float32Array of rows': Float32Array.from(ROWS),
  'an array of rows': [
    [0, 1],
    [5, 2],
    [1, 7],
    [3, 4],
  ],
  '{ data, shape }': given,
  '{ data, dims }': { data: given.data, dims: [4, 2], type: 'float32' },
  '{ data, dims } of int64': { data: BigInt64Array.from(LABELS, BigInt), dims: [4], type: 'int64' },
  '{ data, shape } of an array': { data: ROWS, shape: [4, 2] },
  '{ data, shape } of too few': { data: new Float32Array(3), shape: [4, 2] },
  'a tensor of rows': rows,
  'a tensor of labels': labels,
  'a tensor of labels [4, 1]': kept(tf.tensor2d(LABELS, [4, 1], 'int32')),
  'a tensor of images': images,
  'a tensor of strings': kept(tf.tensor1d(['cat', 'dog', 'cat', 'dog'])),
  'a tensor of strings [4, 2]': kept(tf.tensor2d(Array.from('abcdefgh'), [4, 2])),
  'a tensor of booleans': kept(tf.tensor1d(LABELS, 'bool')),
  'a tensor of int32 [4, 2]': kept(tf.tensor2d(ROWS, [4, 2], 'int32')),
  'a scalar tensor': kept(tf.scalar(1)),
  '{ images, shape }': imageSet,
  bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
} as const;

export type Thing = keyof typeof things;

/** A data argument of a public function: how it is called with something in its place. */
export interface Place {
  call: (value: never) => unknown;
  /** What belongs there. */
  right: unknown;
  /** What is right is too long to stand here: all that is tried is wrong. */
  fails?: boolean;
  /** Things that mean the same there, and give the same. */
  same?: readonly Thing[];
  /** Others that are right there, with another result. */
  other?: readonly Thing[];
  /** What errors call the argument, where that is not its name; or how the name begins. */
  what?: string;
  /** Another argument or part of it that an error may name: its partner of equal length, or what it holds. */
  also?: RegExp;
  /** Another function that may complain. */
  from?: string;
  /** What errors call the function, where that is not its name. */
  where?: string;
}

/** By `function.argument`. */
export type Places = Readonly<Record<string, Place>>;
