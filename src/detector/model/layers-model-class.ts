import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';

/**
 * The LayersModel class that a model is of, from its own prototype chain: it is the user's copy of tfjs-layers, and
 * this package need not import one. A `Sequential` stands below it in the chain.
 *
 * @throws ArgumentError where the model only looks like one
 */
export function layersModelClass(where: string, model: LayersModel): typeof LayersModel {
  for (let at: unknown = Object.getPrototypeOf(model); at; at = Object.getPrototypeOf(at)) {
    const { constructor } = at as { constructor: { className?: unknown } };
    // The name that tfjs-layers saves models under: it stays where a bundler renames the classes themselves.
    if (constructor.className === 'Model') return constructor as unknown as typeof LayersModel;
  }
  throw new ArgumentError(where, 'model', 'a LayersModel of tfjs-layers (or a GraphModel)', 'an object with layers');
}
