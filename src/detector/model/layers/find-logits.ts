import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../../core/errors';
import type { OutputNames } from '../model-reader';
import { isRow, productAt, type Product } from './last-products';
import {
  endAt,
  isLeftAsShares,
  isOpenEnd,
  isUndone,
  kindAt,
  ownActivation,
  productBehind,
  type End,
} from './layers-end';
import { pathOf, placeNamed, shapeText } from './named-layer';
import { keyOf, madeAt, wholeOf, type NamedPlace, type Place } from './places';

/** Where logits are, and what the model makes of them. */
export interface FoundLogits {
  /** The logits [N, C] themselves, or where the product holds the activation, what that makes of them. */
  readonly at: Place;
  /** The layer x W + b that they come from; undefined where they come from another. */
  readonly product: Product | undefined;
  /** What stands behind them; 'linear' where nothing does. */
  readonly activation: string;
}

const outputsOf = (model: LayersModel): Place[] => model.outputs.map((tensor) => ({ tensor, scope: wholeOf(model) }));
const nameOf = ({ tensor }: Place) => tensor.sourceLayer.name;

/** The output that is meant: the only one, or the named one. */
function outputOf(where: string, model: LayersModel, places: readonly NamedPlace[], output?: string): Place {
  const outputs = outputsOf(model);
  const [first] = outputs;
  if (output !== undefined) {
    const named = outputs.filter((place) => nameOf(place) === output);
    return named.length === 1 ? named[0]! : placeNamed(where, 'output', places, output).place;
  }
  if (outputs.length === 1) return first!;
  const likely = outputs.find((place) => endAt(place).activation !== 'linear') ?? first!;
  const all = outputs.map((place) => `${nameOf(place)} ${shapeText(place)}`).join(', ');
  throw new ArgumentError(where, 'output', `one of ${all}, as in output: '${nameOf(likely)}'`, 'none');
}

/** The error of a model whose logits are not to be found. */
function refused(where: string, places: readonly NamedPlace[], { at, activation, product }: End): ArgumentError {
  const own = (product ?? productAt(at))?.activation;
  if (own !== undefined) {
    const expected =
      "a last dense layer with activation 'linear', 'softmax' or 'sigmoid' (name the layer of the logits otherwise)";
    const behind = !product && activation !== 'linear' ? ` and then a ${activation}` : '';
    return new ArgumentError(where, 'model', expected, JSON.stringify(product ? activation : own) + behind);
  }
  const last = `${kindAt(at)} '${pathOf(places, at)}'`;
  if (!isRow(at)) {
    const expected =
      'one that ends with a row of logits for each image (put a pooling behind the last layer, or name a layer of [N, C] as logits)';
    return new ArgumentError(where, 'model', expected, `${shapeText(at)} of ${last}`);
  }
  const expected = 'a model that ends with a dense layer and a softmax (name the layer of the logits otherwise)';
  const behind = activation === 'linear' ? '' : ` and a ${activation}`;
  return new ArgumentError(where, 'model', expected, `one that ends with ${last}${behind}`);
}

const isFound = (end: End): boolean => (end.product ? isUndone(end) : isOpenEnd(end));

/** Logits where they have no name: behind the output, before its activation. */
function logitsBehind(where: string, model: LayersModel, places: readonly NamedPlace[], output?: string): FoundLogits {
  const end = endAt(outputOf(where, model, places, output));
  if (!isFound(end)) throw refused(where, places, end);
  return { product: undefined, ...end };
}

/** Logits where the layer is named: what it gives, or if that is a softmax or sigmoids, what these are of. */
function logitsNamed(where: string, model: LayersModel, places: readonly NamedPlace[], name: string): FoundLogits {
  const { place } = placeNamed(where, 'logits', places, name);
  const end = endAt(place);
  if (isLeftAsShares(end)) {
    const received = `the ${ownActivation(end.at)} of '${name}' ${shapeText(end.at)}`;
    throw new ArgumentError(where, 'logits', 'a layer before the softmax or sigmoid', received);
  }
  if (!isUndone(end)) return { at: madeAt(place), product: undefined, activation: 'linear' };
  // An activation that stands behind the named layer says what its numbers mean, as one in it does.
  const behind = outputsOf(model)
    .map(endAt)
    .find(({ at }) => keyOf(at) === keyOf(end.at));
  const activation = end.activation === 'linear' ? (behind?.activation ?? 'linear') : end.activation;
  return { product: undefined, ...end, activation };
}

/** Where the logits are. @throws ArgumentError where that is not to be seen, or a name is wrong */
export const findLogits = (
  where: string,
  model: LayersModel,
  places: readonly NamedPlace[],
  { logits, output }: OutputNames,
): FoundLogits =>
  logits === undefined ? logitsBehind(where, model, places, output) : logitsNamed(where, model, places, logits);

/** The product whose input the features are, where they have no name. */
export function featureProduct(model: LayersModel, { at, product }: FoundLogits): Product | undefined {
  if (product) return product;
  const ends = outputsOf(model)
    .map(endAt)
    .filter((end) => end.product && isUndone(end));
  return ends.length === 1 ? ends[0]!.product : productBehind(at);
}
