import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../core/errors';
import { isHalf } from '../../tensors/precision';
import { chosenEnd } from './graph/graph-end';
import { denseAt, graphHead, graphProduct } from './graph/graph-head';
import type { GraphModelLike } from './graph-model-like';
import { described, graphOf, namesOf, nodesBetween, tensorCalled, waitingOp, type Graph } from './graph/graph-nodes';
import type { ModelPass, ModelPasses, OutputNames } from './model-reader';
import { flat, listed } from './named-outputs';
import { twoClassHead, twoClassLogits } from './two-classes';
import { withinHalf } from './watch-overflow';

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

/** [N, D] of what a graph gives for N images: sides of 1 are left out, maps are pooled where asked for. */
function rowsOf(where: string, x: tf.Tensor, count: number, name: string, pool?: 'average'): tf.Tensor2D {
  const sides = x.shape.slice(1).filter((side) => side !== 1);
  const isRows = x.rank > 1 && sides.length < 2 && !(pool && x.rank === 4);
  // A tensor of its own, so that what the graph gave can be disposed of.
  const rows = flat(where, tf.reshape(x, isRows ? [x.shape[0], sides[0] ?? 1] : x.shape), pool, name);
  if (rows.shape[0] === count) return rows;
  throw new ShapeError(where, `output of ${name}`, `${count} rows, one for each image`, x.shape);
}

/** As `featuresOf`, of a GraphModel. */
export function readGraphModel(
  where: string,
  model: GraphModelLike,
  names: OutputNames,
  needsFeatures: boolean,
): ModelPasses {
  const { pool } = names;
  const graph = graphOf(model);
  const feed = feedOf(where, graph, model as { inputs?: readonly unknown[] });
  const end = chosenEnd(where, graph, names);
  const dense = end.hidden ?? denseAt(graph, end.logits);
  const own = needsFeatures ? dense?.features : undefined;
  const features = names.features === undefined ? own : tensorCalled(where, graph, 'features', names.features);
  if (features === undefined && needsFeatures) {
    const expected = `the node of the features: one of ${listed(namesOf(graph), end.logits)}`;
    throw new ArgumentError(where, 'features', expected, 'none');
  }
  const isSigmoid = end.activation === 'sigmoid';
  const hasTwoClasses = isSigmoid && end.columns === 1;

  const toLogits = (x: tf.Tensor, count: number): tf.Tensor2D => {
    const column = isSigmoid && x.rank === 1 ? tf.expandDims(x, 1) : x;
    if (end.hidden) {
      const product = graphProduct(end.hidden, rowsOf(where, column, count, end.hidden.features));
      return hasTwoClasses ? twoClassLogits(product) : product;
    }
    const z = rowsOf(where, column, count, end.logits);
    if (!isSigmoid || (z.shape[1] === 1) === hasTwoClasses) return hasTwoClasses ? twoClassLogits(z) : z;
    const expected = end.columns ? `[N, ${end.columns}], as declared` : '[N, C] of several (the graph does not say it)';
    throw new ShapeError(where, `output of ${end.logits}`, expected, x.shape);
  };
  // A signature may give a node's name to another tensor; with the number of the output it is the node's.
  const asNode = (tensor: string) =>
    graph.outputs.some((port) => port.name === tensor && port.tensor !== tensor) ? `${tensor}:0` : tensor;
  const last = end.hidden?.features ?? end.logits;
  const wanted = (features === undefined ? [last] : [last, features]).map(asNode);
  const read = (outputs: readonly (tf.Tensor | tf.Tensor[])[], count: number): ModelPass => {
    const [z, ...others] = joined(outputs);
    const logits = toLogits(z!, count);
    // Without a name for them the features are the logits: nobody asked for any.
    const x = features === undefined ? tf.clone(logits) : rowsOf(where, others[0]!, count, features, pool);
    const within = others.slice(wanted.length - 1);
    return { features: x, logits, ...(within.length > 0 && { fine: withinHalf(within, count) }) };
  };

  const waiting = waitingOp(graph, wanted);
  const refuse = (expected: string) => new ArgumentError(where, 'model', expected, `one with ${waiting}`);
  if (waiting !== undefined && !model.executeAsync) throw refuse('a graph without loops and branches');
  return {
    names: { features: features ?? end.logits, logits: end.logits },
    pass(images) {
      if (waiting !== undefined) {
        throw refuse('a graph without loops and branches (take runAsync, or a detector)');
      }
      const between = isHalf() ? nodesBetween(graph, wanted) : [];
      const run = (part: tf.Tensor) => model.execute(feed.given(part), [...wanted, ...between]);
      return tf.tidy(() => read(feed.parts(images).map(run), images.shape[0]));
    },
    ...(waiting !== undefined && {
      async passAsync(images) {
        const parts = feed.parts(images);
        const outputs: (tf.Tensor | tf.Tensor[])[] = [];
        try {
          for (const part of parts) outputs.push(await model.executeAsync!(feed.given(part), wanted));
          return tf.tidy(() => read(outputs, images.shape[0]));
        } finally {
          tf.dispose([...parts, ...outputs.flat()].filter((one) => one !== images));
        }
      },
    }),
    logitsOf(images) {
      if (waiting !== undefined) {
        throw refuse("a graph without loops and branches, where 'odin' wants the gradient of the logits");
      }
      const run = (part: tf.Tensor) => model.execute(feed.given(part), asNode(last));
      return tf.tidy(() => toLogits(joined(feed.parts(images).map(run))[0]!, images.shape[0]));
    },
    meaning: isSigmoid && !hasTwoClasses ? 'tags' : 'classes',
    async head() {
      const head = dense && (await graphHead(dense));
      return head && hasTwoClasses ? twoClassHead(head) : head;
    },
  };
}
