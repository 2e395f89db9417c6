import { ArgumentError, ShapeError } from '../../core/errors';

/** A number, or lists of them as deep as the rows have axes. */
export type NumberLists = number | ArrayLike<number> | readonly NumberLists[];

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function shapeOf(lists: unknown): number[] {
  const shape: number[] = [];
  for (let inner = lists; isList(inner); inner = inner[0]) shape.push(inner.length);
  return shape;
}

/** Lists of numbers as one array with its shape. @throws ShapeError for unequal lists; ArgumentError by type */
export function fromNumberLists(where: string, what: string, lists: ArrayLike<unknown>) {
  const shape = shapeOf(lists);
  const data: number[] = [];
  const walk = (value: unknown, place: string, depth: number): void => {
    if (depth === shape.length) {
      if (typeof value === 'number' || typeof value === 'bigint') return void data.push(Number(value));
      throw new ArgumentError(where, place, 'a number', isList(value) ? 'a list' : `${typeof value} ${String(value)}`);
    }
    if (!isList(value) || value.length !== shape[depth]) {
      const received = isList(value) ? `${value.length}` : typeof value;
      throw new ShapeError(where, place, `a list of ${shape[depth]}, as the first of its kind`, received);
    }
    for (let i = 0; i < value.length; i++) walk(value[i], `${place}[${i}]`, depth + 1);
  };
  walk(lists, what, 0);
  return { data, shape };
}
