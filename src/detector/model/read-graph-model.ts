import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from '../../core/errors';
import { isHalf } from '../../tensors/precision';
import { denseAt, graphNodes, headAt, logitsNode, nodesBefore } from './graph-end';
import type { GraphModelLike } from './graph-model-like';
import type { ModelPasses, OutputNames } from './model-reader';
import { flat, listed, missing } from './named-outputs';
import { withinHalf } from './watch-overflow';

/** As `featuresOf`, of a GraphModel. */
export function readGraphModel(
  where: string,
  model: GraphModelLike,
  { features, logits, pool }: OutputNames,
  needsFeatures: boolean,
): ModelPasses {
  const all = Object.keys(graphNodes(model));
  const output = logits ?? logitsNode(model);
  if (needsFeatures) features ??= denseAt(model, output)?.features;
  if (features === undefined && needsFeatures) {
    throw new ArgumentError(where, 'features', `the node of the features: one of ${listed(all, output)}`, 'none');
  }
  for (const [what, name] of [
    ['features', features ?? output],
    ['logits', output],
  ] as const) {
    if (all.length > 0 && !all.includes(name.replace(/:\d+$/, ''))) throw missing(where, what, all, name);
  }
  return {
    names: { features: features ?? output, logits: output },
    pass(images) {
      return tf.tidy(() => {
        // Without a name for them the features are the logits: nobody asked for any.
        const names = features === undefined ? [output] : [output, features];
        const within = isHalf() ? nodesBefore(model, names) : [];
        const outputs = model.execute(images, [...names, ...within]);
        const [z, ...others] = Array.isArray(outputs) ? outputs : [outputs];
        const logits = flat(where, z!, undefined, output);
        const x = features === undefined ? tf.clone(logits) : flat(where, others[0]!, pool, features);
        const fine = within.length > 0 && withinHalf(others.slice(-within.length), images.shape[0]);
        return { features: x, logits, ...(fine && { fine }) };
      });
    },
    logitsOf: (images) => tf.tidy(() => flat(where, model.execute(images, output) as tf.Tensor, undefined, output)),
    meaning: 'classes',
    head: () => headAt(model, output),
  };
}
