import { ArgumentError, ShapeError } from '../core/errors';
import type { ModelOutputs, Need } from '../scorers/contract/scorer';

/** How many numbers a row had at the fit: C of logits, D of the features where the scorer needs them. */
export type OutputWidths = Readonly<{ features?: number; logits?: number }>;

const NAMES = ['features', 'logits', 'images'] as const;

/** Numbers of rows and columns of what is there. @throws ShapeError */
function shapesOf(where: string, outputs: Partial<ModelOutputs>): Partial<Record<Need, readonly number[]>> {
  if (typeof outputs !== 'object' || (outputs as object | null) === null) {
    const received = outputs === null ? 'null' : typeof outputs;
    throw new ArgumentError(where, 'outputs', 'an object { features, logits }', received);
  }
  const shapes: Partial<Record<Need, readonly number[]>> = {};
  for (const name of NAMES) {
    const given = outputs[name] as { shape?: unknown } | null | undefined;
    if (given === undefined) continue;
    if (Array.isArray(given?.shape)) shapes[name] = given.shape as number[];
    else {
      const expected = 'a tensor or { data, shape: [N, D] } (leave it out where there is none)';
      const received =
        given === null ? 'null' : typeof given === 'object' ? `{ ${Object.keys(given).join(', ')} }` : typeof given;
      throw new ShapeError(where, name, expected, received);
    }
  }
  return shapes;
}

/** Widths that count later: of the logits, which name the class, and of the features where the scorer needs them. */
export function widthsOf(where: string, outputs: Partial<ModelOutputs>, needs: readonly string[]): OutputWidths {
  const { features, logits } = shapesOf(where, outputs);
  return {
    ...(features?.[1] !== undefined && needs.includes('features') && { features: features[1] }),
    ...(logits?.[1] !== undefined && { logits: logits[1] }),
  };
}

/**
 * Throws unless the parts of the outputs have equal numbers of rows, as wide as at the fit: a softmax over other
 * classes has scores that the calibration says nothing of.
 */
export function checkGivenOutputs(where: string, outputs: Partial<ModelOutputs>, widths: OutputWidths): void {
  const given = Object.entries(shapesOf(where, outputs)) as [Need, readonly number[]][];
  const [first, ...others] = given;
  const other = others.find(([, shape]) => shape[0] !== first![1][0]);
  if (other) {
    throw new ShapeError(where, other[0], `${first![1][0]} rows, as the ${first![0]}`, other[1][0]);
  }
  for (const [name, shape] of given) {
    const width = widths[name as keyof OutputWidths];
    if (width === undefined || shape[1] === width) continue;
    throw new ShapeError(where, name, `[N, ${width}], as at the fit`, shape);
  }
}
