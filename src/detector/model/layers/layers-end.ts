import { activationOf, columnsOf, handedOn, isRow, productAt, type Product } from './last-products';
import { inputsOf, madeAt, type Place } from './places';

/** How a row of outputs comes about: an activation, or none, of something. */
export interface End {
  /** 'linear' where there is none. */
  readonly activation: string;
  /** What the activation is of, or where it has been applied already where the product holds it. */
  readonly at: Place;
  /** The layer that gives what the activation is of, where it is one x W + b. */
  readonly product?: Product;
}

export const kindAt = ({ tensor }: Place): string => tensor.sourceLayer.getClassName();

/** A softmax of logarithms of shares gives the shares again. */
const SOFTMAX = ['softmax', 'logSoftmax'];
const UNDONE = [...SOFTMAX, 'sigmoid'];

/** Whether a softmax is over the columns, and not over a side of 1 beside them. */
function isOverColumns(place: Place, activation: string): boolean {
  if (!SOFTMAX.includes(activation)) return true;
  const { axis } = place.tensor.sourceLayer.getConfig() as { axis?: number };
  return place.tensor.shape.at(axis ?? -1) === columnsOf(place);
}

/** Goes back from a place through what hands on its input, and through one activation. */
export function endAt(place: Place): End {
  let at = madeAt(place);
  let activation = 'linear';
  for (;;) {
    const product = productAt(at);
    if (product && (activation === 'linear' || product.activation === 'linear')) {
      return { at, activation: activation === 'linear' ? product.activation : activation, product };
    }
    const before = handedOn(at);
    if (before) {
      at = before;
      continue;
    }
    const own = product ? undefined : activationOf(at.tensor.sourceLayer);
    const [input] = inputsOf(at);
    const isActivation = own !== undefined && input && !HAS_KERNEL.includes(kindAt(at));
    if (!isActivation || activation !== 'linear' || !isRow(at) || !isOverColumns(at, own)) return { at, activation };
    activation = own;
    at = input;
  }
}

/** Whether an end is what a softmax or sigmoid gives that could not be undone. */
export const isLeftAsShares = ({ at, activation, product }: End): boolean =>
  activation === 'linear' && !product && UNDONE.includes(ownActivation(at));

/** The activation of a layer of whatever kind; empty where it says none. */
export function ownActivation({ tensor: { sourceLayer } }: Place): string {
  const { activation } = sourceLayer.getConfig();
  return activationOf(sourceLayer) ?? (typeof activation === 'string' ? activation : '');
}

/** Whether what an end's activation is of are logits: a softmax's, or a sigmoid's, or the last there is. */
export const isUndone = ({ activation }: End): boolean => activation === 'linear' || UNDONE.includes(activation);

const POOLING = /^(Global)?(Average|Max)Pooling[12]D$/;
/** Layers of tfjs-layers that a softmax may stand behind without a dense layer; one of the user's own must be named. */
const GIVES_LOGITS =
  /^(Add|Average|Maximum|Minimum|Multiply|Concatenate|Dot|(Batch|Layer)Normalization|(Separable|Depthwise)?Conv[12]D(Transpose)?|LSTM|GRU|SimpleRNN|Bidirectional)$/;
const HAS_KERNEL = ['Dense', 'Conv1D', 'Conv2D'];

/**
 * Whether an end without a product gives logits all the same: what a softmax, or sigmoids, of their own are of, behind
 * a pooling, a sum of layers or the like; or a pooling over the steps of a dense layer on a sequence.
 */
export function isOpenEnd({ at, activation }: End): boolean {
  if (!isRow(at)) return false;
  const isPooling = POOLING.test(kindAt(at));
  const isOverSteps = kindAt(at) === 'Dense' && !productAt(at);
  if (UNDONE.includes(activation)) return isPooling || isOverSteps || GIVES_LOGITS.test(kindAt(at));
  const [pooled] = inputsOf(at);
  if (activation !== 'linear' || !isPooling || !pooled || kindAt(pooled) !== 'Dense') return false;
  return activationOf(pooled.tensor.sourceLayer) === 'linear';
}

/** The nearest product at or behind a place, along layers of one input that give rows. */
export function productBehind(place: Place): Product | undefined {
  const at = madeAt(place);
  const inputs = inputsOf(at);
  return productAt(at) ?? (isRow(at) && inputs.length === 1 ? productBehind(inputs[0]!) : undefined);
}
