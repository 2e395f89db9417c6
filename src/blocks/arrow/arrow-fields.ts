import type { NumberFormatName } from '../stream/number-formats';
import type { FlatTable } from './flat-table';

/** What a column of an Arrow file holds. */
export interface ArrowField {
  name: string;
  type: number;
  /** Of whole and floating-point numbers. */
  format: NumberFormatName | undefined;
  /** Numbers of a fixed-size list, bytes of a fixed-size value. */
  size: number;
  /** Where its values are, and how their numbers are stored, if they lie apart. */
  dictionary: { id: number; format: NumberFormatName } | undefined;
  children: ArrowField[];
  /** Its first node and buffer in each batch. */
  node: number;
  buffer: number;
}

/** Numbers of types in the format. */
export const ARROW_TYPE = {
  int: 2,
  float: 3,
  text: 5,
  list: 12,
  fixedBytes: 15,
  fixedList: 16,
  largeText: 20,
  largeList: 21,
  textView: 24,
} as const;

const NAMES = [
  'none',
  'null',
  'int',
  'float',
  'binary',
  'utf8',
  'bool',
  'decimal',
  'date',
  'time',
  'timestamp',
  'interval',
  'list',
  'struct',
  'union',
  'fixed_size_binary',
  'fixed_size_list',
  'map',
  'duration',
  'large_binary',
  'large_utf8',
  'large_list',
  'run_end_encoded',
  'binary_view',
  'utf8_view',
  'list_view',
  'large_list_view',
];

/** What a column holds, in words. */
export function shownField({ type, children, dictionary }: ArrowField): string {
  const inner = children.length > 0 ? `<${children.map((child) => shownField(child)).join(', ')}>` : '';
  return `${dictionary ? 'dictionary of ' : ''}${NAMES[type] ?? `type ${type}`}${inner}`;
}

/** Buffers of a column without those of its children; undefined where each batch says how many. */
function bufferCount(type: number, isDictionary: boolean): number | undefined {
  if (isDictionary) return 2;
  if (type === 1 || type === 22) return 0;
  if (type === 13 || type === 16) return 1;
  if (type === 4 || type === 5 || type === 19 || type === 20 || type === 25 || type === 26) return 3;
  if (type === 23 || type === 24 || type === 14) return undefined;
  return 2;
}

const DEEPEST = 16;

/** The columns of a schema. Those after one with a changing number of buffers have none: `views` counts them. */
export function arrowFields(schema: FlatTable): ArrowField[] {
  let [node, buffer] = [0, 0];
  const read = (table: FlatTable, depth: number): ArrowField => {
    if (depth > DEEPEST) throw new Error(`more than ${DEEPEST} levels`);
    const type = table.int(2, 8);
    const details = table.table(3);
    const dictionary = dictionaryOf(table.table(4));
    const field: ArrowField = {
      name: table.text(0),
      type,
      format: details && formatOf(type, details),
      size: type === ARROW_TYPE.fixedBytes || type === ARROW_TYPE.fixedList ? (details?.int(0, 32) ?? 0) : 0,
      dictionary,
      children: [],
      node: node++,
      buffer,
    };
    buffer += bufferCount(type, dictionary !== undefined) ?? NaN;
    if (!dictionary && type === ARROW_TYPE.textView) buffer = NaN;
    if (!dictionary) field.children = table.tables(5).map((child) => read(child, depth + 1));
    return field;
  };
  return schema.tables(1).map((table) => read(table, 0));
}

/** Numbers of values are of 32 bits with a sign where the file does not say how they are. */
function dictionaryOf(table: FlatTable | undefined): ArrowField['dictionary'] {
  if (!table) return undefined;
  const index = table.table(1);
  return { id: table.long(0), format: (index && formatOf(ARROW_TYPE.int, index)) ?? 'int32' };
}

function formatOf(type: number, details: FlatTable): NumberFormatName | undefined {
  if (type === ARROW_TYPE.float) return (['float16', 'float32', 'float64'] as const)[details.int(0, 16)];
  if (type !== ARROW_TYPE.int) return undefined;
  const bits = details.int(0, 32);
  if (![8, 16, 32, 64].includes(bits)) return undefined;
  return `${details.int(1, 8) ? 'int' : 'uint'}${bits as 8 | 16 | 32 | 64}`;
}
