import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../../core/errors';

/** Throws a ShapeError unless the model takes images [N, H, W, C] of this shape. */
export function checkImageShape(where: string, model: LayersModel, shape: readonly number[]): void {
  const expected = model.inputs.length === 1 ? model.inputs[0]!.shape : undefined;
  const fits = expected?.length === shape.length && expected.every((size, i) => size === null || size === shape[i]);
  if (fits && shape.length === 4) return;
  const wanted = expected ? `[${expected.map((size) => size ?? 'N').join(', ')}]` : 'those of a model with one input';
  throw new ShapeError(where, 'shape of the images', wanted, shape);
}

/** D of a model whose output is [N, D]; a ShapeError otherwise. */
export function embeddingSizeOf(where: string, model: LayersModel): number {
  const shapes = model.outputs.map((output) => output.shape);
  const size = shapes[0]?.[1];
  if (shapes.length !== 1 || shapes[0]!.length !== 2 || typeof size !== 'number') {
    const received = shapes.map((shape) => `[${shape.map((length) => length ?? 'N').join(', ')}]`).join(' and ');
    throw new ShapeError(where, 'output of the model', '[N, D]', received);
  }
  return size;
}

/**
 * Shape of what goes into a model, N first; undefined sides may have any length. Undefined where a GraphModel does not
 * say it, or the model is a function.
 */
export type InputShape = readonly (number | undefined)[] | undefined;

/** The shape that the images were declared with: no scalar, which a GraphModel may take too (whether it trains). */
export function inputShapeOf(model: object): InputShape {
  const { inputs } = model as { inputs?: readonly { shape?: readonly (number | null)[] | undefined }[] };
  const { shape } = inputs?.find((input) => input.shape && input.shape.length > 1) ?? inputs?.[0] ?? {};
  return shape?.map((side) => (side === null || side < 0 ? undefined : side));
}

/** Whether images of this shape [N, ...] are what the model was declared for. */
export const fitsInput = (expected: InputShape, shape: readonly number[]): boolean =>
  !expected ||
  (expected.length === shape.length && expected.every((side, i) => i === 0 || (side ?? shape[i]) === shape[i]));

/**
 * Throws a ShapeError unless images of this shape [N, ...] go into the model; some layers would take others, and make
 * something of them.
 */
export function checkInputShape(where: string, expected: InputShape, shape: readonly number[], what = 'images'): void {
  if (!expected || fitsInput(expected, shape)) return;
  const wanted = `[${expected.map((side, i) => (i === 0 ? 'N' : (side ?? 'any'))).join(', ')}]`;
  throw new ShapeError(where, `shape of the ${what}`, wanted, shape);
}

/** The declared shape with the sides that it leaves open as they were at the fit. */
export const fittedShape = (declared: InputShape, fitted: readonly number[]): InputShape =>
  fitted.map((side, i) => (i === 0 ? undefined : (declared?.[i] ?? side)));
