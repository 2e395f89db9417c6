import type { SchemaElement } from 'hyparquet';
import type { Shard } from '../bytes/shard';
import type { NumberFormatName } from '../stream/number-formats';
import type { Leaf } from './read-footer';

/** What numbers are in a column of bytes. */
export type PackedNumbers = 'float16' | 'float32' | 'float64' | 'int8' | 'uint8';

/** How the values of a column are stored. */
export interface ColumnKind {
  format: NumberFormatName | 'text';
  /** Bytes of a value; undefined where each says its own length. */
  size: number | undefined;
  /** A value holds several numbers. */
  isPacked: boolean;
}

const SIZES = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8 } as const;
const TEXTS = ['UTF8', 'ENUM', 'JSON'];

const isPlainInteger = ({ converted_type: old, logical_type: logical }: SchemaElement): boolean =>
  (old === undefined || /^U?INT_/.test(old)) && (logical === undefined || logical.type === 'INTEGER');

const isUnsigned = ({ converted_type: old, logical_type: logical }: SchemaElement): boolean =>
  old !== undefined ? old.startsWith('UINT_') : logical?.type === 'INTEGER' && !logical.isSigned;

function integerKind(element: SchemaElement): ColumnKind | undefined {
  if ((element.type !== 'INT32' && element.type !== 'INT64') || !isPlainInteger(element)) return undefined;
  const bits = element.type === 'INT32' ? 32 : 64;
  return { format: `${isUnsigned(element) ? 'uint' : 'int'}${bits}`, size: bits / 8, isPacked: false };
}

function scalarKind(element: SchemaElement): ColumnKind | undefined {
  const { type } = element;
  if (type === 'FLOAT') return { format: 'float32', size: SIZES.FLOAT, isPacked: false };
  if (type === 'DOUBLE') return { format: 'float64', size: SIZES.DOUBLE, isPacked: false };
  return integerKind(element);
}

/** What a column is, in the words of its file. */
function shownKind({ element, repetition }: Leaf): string {
  const { type, type_length: length, converted_type: old, logical_type: logical } = element;
  const stored = `${type}${length === undefined ? '' : `(${length})`}`;
  const annotated = logical?.type ?? old;
  return `${'list of '.repeat(repetition)}${annotated ? `${annotated} (${stored})` : stored}`;
}

const PACKED_BYTES = { float16: 2, float32: 4, float64: 8, int8: 1, uint8: 1 } as const;

/** How the numbers of a column are stored. @throws FormatError for a column of something else */
export function numberKind(shard: Shard, leaf: Leaf, packed: PackedNumbers): ColumnKind {
  const { element, name, repetition } = leaf;
  const { type, type_length: length, converted_type: old, logical_type: logical } = element;
  const scalar = scalarKind(element);
  if (scalar && repetition <= 1) return scalar;
  if (type === 'FIXED_LEN_BYTE_ARRAY' && logical?.type === 'FLOAT16' && length === 2 && repetition <= 1) {
    return { format: 'float16', size: 2, isPacked: false };
  }
  const isBytes = type === 'FIXED_LEN_BYTE_ARRAY' || type === 'BYTE_ARRAY';
  if (!isBytes || old !== undefined || logical !== undefined || repetition > 0) {
    const expected = `a file with numbers, lists of them or packed ones (bytes) in ${name}`;
    throw shard.refuse(expected, shownKind(leaf));
  }
  const size = type === 'BYTE_ARRAY' ? undefined : (length ?? 0);
  if (size !== undefined && (size === 0 || size % PACKED_BYTES[packed] !== 0)) {
    throw shard.refuse(`a file with packed ${packed} in ${name}, as the option packed says`, shownKind(leaf));
  }
  return { format: packed, size, isPacked: true };
}

/** How labels or ids are stored. @throws FormatError for a column of something else */
export function valueKind(shard: Shard, leaf: Leaf): ColumnKind {
  const { element, name, repetition } = leaf;
  if (repetition === 0) {
    const scalar = scalarKind(element);
    if (scalar) return scalar;
    const { type, converted_type: old, logical_type: logical } = element;
    const isText = (old !== undefined && TEXTS.includes(old)) || logical?.type === 'STRING';
    if (type === 'BYTE_ARRAY' && isText) return { format: 'text', size: undefined, isPacked: false };
  }
  throw shard.refuse(`a file with text or whole numbers in ${name}`, shownKind(leaf));
}
