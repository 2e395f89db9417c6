import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../../core/errors';
import { isHalf } from '../../../tensors/precision';
import type { GraphModelLike } from '../graph-model-like';
import { withinHalf } from '../watch-overflow';
import { described, nodesBetween, waitingOp, type Graph } from './graph-nodes';

/** What a graph is given of images: they are its only input, of the type that it declares, and of its number. */
function feedOf(where: string, graph: Graph, { inputs }: { inputs?: readonly unknown[] }) {
  const [input, ...others] = graph.inputs;
  if (others.length > 0) {
    const received = graph.inputs.map(({ name, tensor }) => described(graph, tensor, name)).join(' and ');
    throw new ArgumentError(where, 'model', 'a model with one input', received);
  }
  // tfjs takes them by name too, and wants it where other inputs have values of their own.
  const byName = input !== undefined && inputs!.length > 1;
  const given = (part: tf.Tensor) => (byName ? ({ [input.tensor]: part } as unknown as tf.Tensor) : part);
  const parts = (images: tf.Tensor): tf.Tensor[] => {
    const { dtype = images.dtype, sides } = input ?? {};
    if (images.dtype !== dtype) {
      const bytes = dtype === 'int32' ? ', pixels from 0 to 255' : '';
      throw new ArgumentError(where, 'images', `a tensor of ${dtype}${bytes}, as the graph takes`, images.dtype);
    }
    const [count] = images.shape as [number];
    const size = sides?.[0] ?? count;
    if (size > 0 && count % size > 0) {
      throw new ShapeError(where, 'images', `${size} at a time, as the graph takes`, images.shape);
    }
    return size === count ? [images] : tf.split(images, count / size);
  };
  return { parts, given };
}

/** Outputs of all parts of the images, from those of each. */
function joined(outputs: readonly (tf.Tensor | tf.Tensor[])[]): tf.Tensor[] {
  const [first, ...others] = outputs.map((one) => [one].flat());
  if (others.length === 0) return first!;
  const row = (tensor: tf.Tensor) => (tensor.rank === 0 ? tf.reshape(tensor, [1]) : tensor);
  return first!.map((one, i) => tf.concat([one, ...others.map((other) => other[i]!)].map(row)));
}

/** What is made of a graph's tensors for so many images; `fine` as in a pass. */
export type Use<T> = (tensors: readonly tf.Tensor[], count: number, fine: { fine?: tf.Tensor1D }) => T;

/**
 * Runs a graph to some of its tensors, at once, or by waiting where loops or branches lead to them.
 *
 * @throws ArgumentError where it has more than one input, or cannot wait
 */
export function runGraph(where: string, model: GraphModelLike, graph: Graph, tensors: readonly string[]) {
  const feed = feedOf(where, graph, model as { inputs?: readonly unknown[] });
  // A signature may give a node's name to another tensor; with the number of the output it is the node's.
  const asNode = (tensor: string) =>
    graph.outputs.some((port) => port.name === tensor && port.tensor !== tensor) ? `${tensor}:0` : tensor;
  const wanted = tensors.map(asNode);
  const waiting = waitingOp(graph, wanted);
  const refuse = (expected: string) => new ArgumentError(where, 'model', expected, `one with ${waiting}`);
  if (waiting !== undefined && !model.executeAsync) throw refuse('a graph without loops and branches');
  const used = <T>(outputs: readonly (tf.Tensor | tf.Tensor[])[], count: number, use: Use<T>): T => {
    const all = joined(outputs);
    const within = all.slice(wanted.length);
    return use(all.slice(0, wanted.length), count, within.length > 0 ? { fine: withinHalf(within, count) } : {});
  };
  const atOnce = <T extends tf.TensorContainer>(images: tf.Tensor, names: string[], use: Use<T>): T =>
    tf.tidy(() => {
      const outputs = feed.parts(images).map((part) => model.execute(feed.given(part), names));
      return used(outputs, images.shape[0], use);
    });
  return {
    isWaiting: waiting !== undefined,
    now<T extends tf.TensorContainer>(images: tf.Tensor, use: Use<T>): T {
      if (waiting !== undefined) {
        throw refuse('a graph without loops and branches (take runAsync, or a detector)');
      }
      return atOnce(images, [...wanted, ...(isHalf() ? nodesBetween(graph, wanted) : [])], use);
    },
    async later<T extends tf.TensorContainer>(images: tf.Tensor, use: Use<T>): Promise<T> {
      const parts = feed.parts(images);
      const outputs: (tf.Tensor | tf.Tensor[])[] = [];
      try {
        for (const part of parts) outputs.push(await model.executeAsync!(feed.given(part), wanted));
        return tf.tidy(() => used(outputs, images.shape[0], use));
      } finally {
        tf.dispose([...parts, ...outputs.flat()].filter((one) => one !== images));
      }
    },
    /** For a gradient: nothing else is looked at. */
    alone<T extends tf.TensorContainer>(images: tf.Tensor, use: Use<T>): T {
      if (waiting !== undefined) {
        throw refuse("a graph without loops and branches, where 'odin' wants the gradient of the logits");
      }
      return atOnce(images, wanted, use);
    },
  };
}
