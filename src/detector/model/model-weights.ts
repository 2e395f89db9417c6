import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import type { layers } from '@tensorflow/tfjs-layers';

/** A weight of a model under a name that does not depend on what else was built in this process. */
export interface NamedWeight {
  name: string;
  variable: LayerVariable;
  trainable: boolean;
}

/**
 * The name that tfjs gives to a layer that has none: `conv2d_Conv2D7`, where six others were made in this process
 * before.
 */
const GIVEN = /^([a-z0-9_]+_[A-Z][A-Za-z0-9]*?)(\d+)$/;

/** Names in which the layers without one are numbered from 1 in this model. */
function ownNames(): (name: string) => string {
  const numbers = new Map<string, Map<string, number>>();
  const renumbered = (layer: string): string => {
    const [, start, number] = GIVEN.exec(layer) ?? [];
    if (start === undefined || number === undefined) return layer;
    const seen = numbers.get(start) ?? new Map<string, number>();
    if (!seen.has(number)) seen.set(number, seen.size + 1);
    numbers.set(start, seen);
    return `${start}${seen.get(number)}`;
  };
  return (name) => name.split('/').map(renumbered).join('/');
}

/**
 * All weights, moving statistics too, sorted by name (`conv1_1/kernel`); a name that comes again gets `#2`, `#3`, ...
 */
export function namedWeights(model: LayersModel): NamedWeight[] {
  const trainable = new Set(model.trainableWeights.map(({ id }) => id));
  const counts = new Map<string, number>();
  const ownName = ownNames();
  const named = model.weights.map((variable) => {
    const own = ownName(variable.originalName);
    const count = (counts.get(own) ?? 0) + 1;
    counts.set(own, count);
    return {
      name: count === 1 ? own : `${own}#${count}`,
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
