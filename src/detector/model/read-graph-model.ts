import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../core/errors';
import { chosenEnd } from './graph/graph-end';
import { denseAt, graphHead, graphProduct } from './graph/graph-head';
import type { GraphModelLike } from './graph-model-like';
import { graphOf, namesOf, tensorCalled, type Graph } from './graph/graph-nodes';
import { runGraph, type Use } from './graph/run-graph';
import type { FeaturePasses, ModelPass, ModelPasses, OutputNames } from './model-reader';
import { flat, listed } from './named-outputs';
import { twoClassHead, twoClassLogits } from './two-classes';

/** [N, D] of what a graph gives for N images: sides of 1 are left out, maps are pooled where asked for. */
function rowsOf(where: string, x: tf.Tensor, count: number, name: string, pool?: 'average'): tf.Tensor2D {
  const sides = x.shape.slice(1).filter((side) => side !== 1);
  const isRows = x.rank > 1 && sides.length < 2 && !(pool && x.rank === 4);
  // A tensor of its own, so that what the graph gave can be disposed of.
  const rows = flat(where, tf.reshape(x, isRows ? [x.shape[0], sides[0] ?? 1] : x.shape), pool, name);
  if (rows.shape[0] === count) return rows;
  throw new ShapeError(where, `output of ${name}`, `${count} rows, one for each image`, x.shape);
}

const withoutFeatures = (where: string, graph: Graph, near: string): ArgumentError => {
  const expected = `the node of the features: one of ${listed(namesOf(graph), near)}`;
  return new ArgumentError(where, 'features', expected, 'none');
};

/** The features of a named node, where nobody asks for logits. */
export function readGraphFeatures(
  where: string,
  model: GraphModelLike,
  { features, pool }: OutputNames,
): FeaturePasses {
  const graph = graphOf(model);
  if (features === undefined) throw withoutFeatures(where, graph, graph.outputs[0]?.tensor ?? '');
  const run = runGraph(where, model, graph, [tensorCalled(where, graph, 'features', features)]);
  const read: Use<{ features: tf.Tensor2D; fine?: tf.Tensor1D }> = ([x], count, fine) => ({
    features: rowsOf(where, x!, count, features, pool),
    ...fine,
  });
  return {
    pass: (images) => run.now(images, read),
    ...(run.isWaiting && { passAsync: (images: tf.Tensor) => run.later(images, read) }),
  };
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
  const end = chosenEnd(where, graph, names);
  const last = end.hidden?.features ?? end.logits;
  const runLast = runGraph(where, model, graph, [last]);
  const dense = end.hidden ?? denseAt(graph, end.logits);
  const own = needsFeatures ? dense?.features : undefined;
  const features = names.features === undefined ? own : tensorCalled(where, graph, 'features', names.features);
  if (features === undefined && needsFeatures) throw withoutFeatures(where, graph, end.logits);
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
  const run = features === undefined ? runLast : runGraph(where, model, graph, [last, features]);
  const read: Use<ModelPass> = ([z, given], count, fine) => {
    const logits = toLogits(z!, count);
    // Without a name for them the features are the logits: nobody asked for any.
    const x = features === undefined ? tf.clone(logits) : rowsOf(where, given!, count, features, pool);
    return { features: x, logits, ...fine };
  };
  return {
    names: { features: features ?? end.logits, logits: end.logits },
    pass: (images) => run.now(images, read),
    ...(run.isWaiting && { passAsync: (images: tf.Tensor) => run.later(images, read) }),
    logitsOf: (images) => runLast.alone(images, ([z], count) => toLogits(z!, count)),
    meaning: isSigmoid && !hasTwoClasses ? 'tags' : 'classes',
    async head() {
      const head = dense && (await graphHead(dense));
      return head && hasTwoClasses ? twoClassHead(head) : head;
    },
  };
}
