import { ArgumentError, NotFiniteError, ShapeError } from './errors';

/** A number for each class of each row, N rows of C classes, one row after the other. */
export interface ClassRows {
  readonly data: ArrayLike<number>;
  readonly shape: readonly [rows: number, classes: number];
}

/** How far a row of probabilities may be from a sum of 1; those of 16 bits are up to 1e-3 off. */
const ROOM = 2e-3;

/** Throws unless there is a row, and every number is finite. */
export function checkClassRows(where: string, what: string, rows: ClassRows): void {
  const { data, shape } = (rows ?? {}) as Partial<ClassRows>;
  // Without types a tensor gets this far; it has a shape and no data.
  if (!Number.isInteger(data?.length) || !Array.isArray(shape) || shape.length !== 2) {
    const expected = '{ data, shape: [N, C] } (of a tensor: await its data())';
    throw new ArgumentError(where, what, expected, rows);
  }
  const [count, classes] = shape as readonly [number, number];
  if (!(Number.isInteger(count) && count > 0 && Number.isInteger(classes) && classes > 0)) {
    throw new ArgumentError(where, `${what}.shape`, 'one row and one class at least', shape);
  }
  if (data!.length !== count * classes) {
    throw new ShapeError(where, `${what}.data`, `${count} x ${classes} numbers`, data!.length);
  }
  for (let at = 0; at < data!.length; at++) {
    if (Number.isFinite(data![at])) continue;
    const place = `${data![at]} for class ${at % classes} of row ${Math.floor(at / classes)}`;
    throw new NotFiniteError(where, what, 'finite numbers', place);
  }
}

/** Throws unless each row is one of probabilities. */
export function checkProbabilities(where: string, what: string, rows: ClassRows): void {
  checkClassRows(where, what, rows);
  const { data, shape } = rows;
  const [count, classes] = shape;
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const value = data[row * classes + c]!;
      if (value < 0 || value > 1) {
        const expected = 'probabilities in [0, 1] (logits: classProbabilities)';
        throw new ArgumentError(where, what, expected, `${value} for class ${c} of row ${row}`);
      }
      sum += value;
    }
    if (Math.abs(sum - 1) <= ROOM) continue;
    const expected = 'probabilities that sum to 1 in each row (logits: classProbabilities)';
    throw new ArgumentError(where, what, expected, `a sum of ${sum} in row ${row}`);
  }
}
