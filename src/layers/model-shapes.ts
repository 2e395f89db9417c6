import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../errors';

/** Throws a ShapeError unless the model takes images [N, H, W, C] of this shape. */
export function checkImageShape(where: string, model: LayersModel, shape: readonly number[]): void {
  const expected = model.inputs.length === 1 ? model.inputs[0]!.shape : undefined;
  const fits = expected?.length === shape.length && expected.every((size, i) => size === null || size === shape[i]);
  if (fits && shape.length === 4) return;
  const wanted = expected ? `[${expected.map((size) => size ?? 'N').join(', ')}]` : 'those of a model with one input';
  throw new ShapeError({ where, what: 'shape of the images', expected: wanted, received: `[${shape.join(', ')}]` });
}

/** D of a model whose output is [N, D]; a ShapeError otherwise. */
export function embeddingSizeOf(where: string, model: LayersModel): number {
  const shapes = model.outputs.map((output) => output.shape);
  const size = shapes[0]?.[1];
  if (shapes.length !== 1 || shapes[0]!.length !== 2 || typeof size !== 'number') {
    const received = shapes.map((shape) => `[${shape.map((length) => length ?? 'N').join(', ')}]`).join(' and ');
    throw new ShapeError({ where, what: 'output of the model', expected: '[N, D]', received });
  }
  return size;
}
