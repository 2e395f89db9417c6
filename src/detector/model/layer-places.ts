import type { LayersModel } from '@tensorflow/tfjs-layers';
import { graphOf } from './graph/graph-nodes';
import type { GraphModelLike } from './graph-model-like';
import type { OutputNames } from './model-reader';

/** Index of a layer or node; of a layer in a model that is itself a layer, one index for each level. */
export type IndexPath = readonly number[];

/** Places of what is named. */
export interface OutputPlaces {
  features?: IndexPath;
  logits?: IndexPath;
  output?: IndexPath;
}

type Layers = readonly { readonly name: string; readonly layers?: Layers }[];

/** Names of layers, or of nodes. */
const namedIn = (model: LayersModel | GraphModelLike): Layers =>
  'layers' in model ? model.layers : Object.keys(graphOf(model).nodes).map((name) => ({ name }));

const OUTPUT = /:\d+$/;

/** The place of a layer by its name, or by its path `outer/inner`. */
function placeIn(layers: Layers, name: string): IndexPath | undefined {
  const at = layers.findIndex((layer) => layer.name === name);
  if (at >= 0) return [at];
  for (const [i, { name: outer, layers: inner }] of layers.entries()) {
    const place = inner && placeIn(inner, name.startsWith(`${outer}/`) ? name.slice(outer.length + 1) : name);
    if (place) return [i, ...place];
  }
  return undefined;
}

/**
 * Where the named layers or nodes stand: tfjs numbers the names of layers anew in each session, in the order in which
 * they are made; their places stay.
 */
export function placesOf(model: LayersModel | GraphModelLike, names: OutputNames): OutputPlaces {
  const places: OutputPlaces = {};
  for (const what of ['features', 'logits', 'output'] as const) {
    const name = names[what];
    const place = name === undefined ? undefined : placeIn(namedIn(model), name.replace(OUTPUT, ''));
    if (place) places[what] = place;
  }
  return places;
}

/** The name of what stands at a place now, with the saved name's number of an output; undefined where nothing does. */
export function nameAt(model: LayersModel | GraphModelLike, place: IndexPath, saved: string): string | undefined {
  let layers: Layers | undefined = namedIn(model);
  const path: string[] = [];
  for (const at of place) {
    const layer: Layers[number] | undefined = layers?.[at];
    if (!layer) return undefined;
    path.push(layer.name);
    layers = layer.layers;
  }
  const [output = ''] = 'layers' in model ? [] : (OUTPUT.exec(saved) ?? []);
  return path.join('/') + output;
}
