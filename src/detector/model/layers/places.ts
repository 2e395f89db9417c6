import type { layers, LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

export type Layer = layers.Layer;

/** One use of a model; a model inside another can be used several times. */
export interface Scope {
  readonly model: LayersModel;
  /** What goes into a model inside another. */
  readonly inputs?: readonly Place[];
  readonly key: string;
}

/** A tensor in one use of the model that it belongs to. A layer may have many: one for each time it was applied. */
export interface Place {
  readonly tensor: SymbolicTensor;
  readonly scope: Scope;
}

/** The whole model, as a caller uses it. */
export const wholeOf = (model: LayersModel): Scope => ({ model, key: '' });

export const keyOf = ({ tensor, scope }: Place): string => `${scope.key}:${tensor.id}`;

/** The names that tfjs-layers saves models under: those of a class of the user's own stay closed. */
const MODELS = ['Model', 'Functional', 'Sequential'];
const isModel = (layer: object): layer is LayersModel =>
  MODELS.includes((layer as Layer).getClassName()) && 'layers' in layer;

/** The tensors that one application of the layer made, this one among them. */
export const madeTogether = ({ sourceLayer, nodeIndex }: SymbolicTensor): SymbolicTensor[] =>
  sourceLayer.inboundNodes[nodeIndex]!.outputTensors;

function inside(model: LayersModel, { tensor, scope }: Place): Scope {
  const key = `${scope.key}/${(model as unknown as Layer).id}.${tensor.nodeIndex}`;
  return { model, inputs: tensor.inputs.map((input) => ({ tensor: input, scope })), key };
}

/**
 * Where a tensor is made by a layer that is no model: of what a nested model gives, inside it; of what goes into one,
 * outside.
 */
export function madeAt(place: Place): Place {
  const { tensor, scope } = place;
  const given = scope.inputs?.[scope.model.inputs.indexOf(tensor)];
  if (given) return madeAt(given);
  const layer: object = tensor.sourceLayer;
  if (!isModel(layer)) return place;
  return madeAt({ tensor: layer.outputs[tensor.tensorIndex]!, scope: inside(layer, place) });
}

/** Where what goes into the layer that makes this is made. */
export const inputsOf = ({ tensor, scope }: Place): Place[] =>
  tensor.inputs.map((input) => madeAt({ tensor: input, scope }));

/** All tensors of a model that its outputs come from, those of nested models not. */
function tensorsOf(model: LayersModel): SymbolicTensor[] {
  const found = new Set<SymbolicTensor>();
  const visit = (tensor: SymbolicTensor) => {
    if (found.has(tensor)) return;
    found.add(tensor);
    tensor.inputs.forEach(visit);
  };
  model.outputs.forEach(visit);
  return [...found];
}

/** A layer's output, and the layer's name behind those of the models that it is in: `sequential_3/dense_Dense2`. */
export interface NamedPlace {
  readonly path: string;
  readonly layer: Layer;
  readonly place: Place;
}

/** What has a name in a model: the output of each layer, of nested models and of the layers in them. */
export function namedPlaces(model: LayersModel): NamedPlace[] {
  const list = (all: readonly Layer[], scope: Scope, before: string): NamedPlace[] => {
    const tensors = tensorsOf(scope.model);
    return all.flatMap((layer) => {
      const path = before + layer.name;
      const isNested = isModel(layer);
      const uses = tensors.filter(({ sourceLayer }) => sourceLayer === layer).map((tensor) => madeTogether(tensor)[0]!);
      const own = [...new Set(uses)].flatMap((tensor): NamedPlace[] => {
        const place = { tensor, scope };
        const inner = isNested ? list(layer.layers, inside(layer, place), `${path}/`) : [];
        return [{ path, layer, place: madeAt(place) }, ...inner];
      });
      if (own.length > 0 || !isNested) return own;
      // The first model of a Sequential was never applied: the others begin at its output.
      const place = madeAt({ tensor: layer.outputs[0]!, scope });
      return [{ path, layer, place }, ...list(layer.layers, scope, `${path}/`)];
    });
  };
  return list(model.layers, wholeOf(model), '');
}
