import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import type { layers } from '@tensorflow/tfjs-layers';

/** A weight of a model under a name that does not depend on what else was built in this process. */
export interface NamedWeight {
  name: string;
  variable: LayerVariable;
  trainable: boolean;
}

/** All weights, moving statistics too, sorted by name (`conv1_1/kernel`); a name that comes again gets `#2`, `#3`, ... */
export function namedWeights(model: LayersModel): NamedWeight[] {
  const trainable = new Set(model.trainableWeights.map(({ id }) => id));
  const counts = new Map<string, number>();
  const named = model.weights.map((variable) => {
    const { originalName } = variable;
    const count = (counts.get(originalName) ?? 0) + 1;
    counts.set(originalName, count);
    return {
      name: count === 1 ? originalName : `${originalName}#${count}`,
      variable,
      trainable: trainable.has(variable.id),
    };
  });
  return named.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** All layers of a model, those of models inside it too. */
export function allLayers(model: LayersModel): layers.Layer[] {
  return model.layers.flatMap((layer) => ('layers' in layer ? allLayers(layer as LayersModel) : [layer]));
}
