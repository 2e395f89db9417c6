import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isFunctionModel, type DetectorModel } from '../model/detector-model';
import { constantAt, graphOf, tensorNamed } from '../model/graph/graph-nodes';
import type { GraphModelLike } from '../model/graph-model-like';
import { inputsOf, keyOf, madeAt, wholeOf, type Place } from '../model/layers/places';
import { rangeBefore, type PixelRange } from './number-range';

/** The range before a model's Rescaling layer, where all images go through it before anything else of weight. */
function rangeOfLayers(model: LayersModel): PixelRange | undefined {
  const [input, ...others] = model.inputs;
  if (!input || others.length > 0) return undefined;
  const leaving = ['InputLayer', 'Resizing', 'CenterCrop', 'ZeroPadding2D', 'Reshape', 'Permute', 'Dropout'];
  const next = new Map<string, Place[]>();
  const seen = new Set<string>();
  const visit = (place: Place): void => {
    if (seen.has(keyOf(place))) return;
    seen.add(keyOf(place));
    for (const before of inputsOf(place)) {
      next.set(keyOf(before), [...(next.get(keyOf(before)) ?? []), place]);
      visit(before);
    }
  };
  const scope = wholeOf(model);
  model.outputs.forEach((tensor) => visit(madeAt({ tensor, scope })));
  let uses = next.get(keyOf({ tensor: input, scope }));
  while (uses?.length === 1) {
    const layer = uses[0]!.tensor.sourceLayer;
    if (layer.getClassName() === 'Rescaling') {
      const { scale, offset } = layer.getConfig() as { scale: number; offset: number };
      return rangeBefore(scale, offset);
    }
    if (!leaving.includes(layer.getClassName())) return undefined;
    uses = next.get(keyOf(uses[0]!));
  }
  return undefined;
}

/** The range before the products and sums with one constant that a graph begins with. */
async function rangeOfGraph(model: GraphModelLike): Promise<PixelRange | undefined> {
  const graph = graphOf(model);
  const [input, ...others] = graph.inputs;
  if (!input || others.length > 0) return undefined;
  const leaving = /^(Identity|Cast|Reshape|ExpandDims|Squeeze|EnsureShape|StopGradient|Resize.*)$/;
  const nodes = Object.entries(graph.nodes).filter(([, { op }]) => op !== 'Shape' && op !== 'NoOp');
  const usesOf = (tensor: string) =>
    nodes.filter(([, { inputNames }]) => inputNames?.some((name) => tensorNamed(name) === tensor));
  let [scale, offset] = [1, 0];
  for (let uses = usesOf(input.tensor), at = input.tensor; uses.length === 1; uses = usesOf(at)) {
    const [name, { op, inputNames }] = uses[0]!;
    const place = inputNames!.findIndex((one) => tensorNamed(one) === at);
    at = name;
    if (leaving.test(op) && place === 0) continue;
    const other = constantAt(graph, inputNames![1 - place]);
    if (other?.size !== 1) return undefined;
    const value = (await other.data())[0]!;
    const factor = op === 'Mul' ? value : op === 'RealDiv' && place === 0 ? 1 / value : 1;
    const addend = op === 'Add' || op === 'AddV2' ? value : op === 'Sub' && place === 0 ? -value : 0;
    if (factor === 1 && addend === 0) return undefined;
    [scale, offset] = [scale * factor, offset * factor + addend];
    const range = rangeBefore(scale, offset);
    if (range) return range;
  }
  return undefined;
}

/** The range of numbers that a model takes, where its beginning shows it. */
export const shownRange = async (model: DetectorModel): Promise<PixelRange | undefined> => {
  if (isFunctionModel(model)) return undefined;
  return 'layers' in model ? rangeOfLayers(model) : rangeOfGraph(model);
};

/** The type of number that a model is given. */
export function inputType(model: DetectorModel): string | undefined {
  const { inputs } = model as { inputs?: readonly { dtype?: string | null; shape?: readonly unknown[] | undefined }[] };
  const images = inputs?.find((one) => one.shape && one.shape.length > 1) ?? inputs?.[0];
  return images?.dtype ?? undefined;
}
