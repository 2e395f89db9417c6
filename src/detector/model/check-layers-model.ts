import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';

/** Throws unless it is a LayersModel, of whichever copy of tfjs-layers: this package need not import one. */
export function checkLayersModel(where: string, model: LayersModel): void {
  for (let at: unknown = Object.getPrototypeOf(Object(model)); at; at = Object.getPrototypeOf(at)) {
    const { constructor } = at as { constructor: { className?: unknown } };
    // The name that tfjs-layers saves models under: it stays where a bundler renames the classes themselves.
    if (constructor.className === 'Model') return;
  }
  throw new ArgumentError(
    where,
    'model',
    'a LayersModel of tfjs-layers (or a GraphModel)',
    'layers' in Object(model) ? 'an object with layers' : model,
  );
}
