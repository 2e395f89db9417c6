import { readFileSync } from 'node:fs';
import {
  arrowBlocks,
  csvBlocks,
  npzBlocks,
  parquetBlocks,
  safetensorsBlocks,
  type Block,
  type BlockColumns,
  type BlockPart,
  type BlocksOptions,
  type ShardBytes,
} from 'tfjs-ood/blocks';

/** A file of a program, and what that program says it holds. */
export interface BlockFile {
  bytes: string;
  columns: Record<string, string | string[]>;
  features: number[];
  width: number;
  labels: number[];
  ids: string[] | null;
  packed?: string;
  classNames?: string[];
}

export interface BlockFixture {
  files: Record<string, BlockFile>;
  npy: Record<string, { bytes: string; numbers: number[] }>;
  refusedNpy: Record<string, string>;
  bad: Record<string, string>;
  refusedArrow: Record<string, string>;
  /** The code in Python of docs/blocks.md that wrote the files whose names begin with "docs". */
  snippets: string[];
  shape: [number, number];
  labels: number[];
}

export const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/blocks.json', import.meta.url), 'utf8'),
) as BlockFixture;

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'));

type Read = (shards: ShardBytes | readonly ShardBytes[], options: never) => AsyncGenerator<Block<BlockPart>>;

/** The reader of a file by what it is called. */
export function readerOf(name: string): Read {
  if (name.startsWith('arrow')) return arrowBlocks as Read;
  if (name.startsWith('npz')) return npzBlocks as Read;
  if (name.startsWith('safetensors')) return safetensorsBlocks as Read;
  if (name.startsWith('csv')) return csvBlocks as Read;
  return parquetBlocks as Read;
}

/** The options that a file is read with. */
export function optionsOf({ columns, packed, classNames }: BlockFile, more: BlocksOptions = {}): never {
  const pattern = (given: string | string[]) =>
    typeof given === 'string' && given.startsWith('/') ? new RegExp(given.slice(1, -1)) : given;
  const own = Object.fromEntries(Object.entries(columns).map(([part, given]) => [part, pattern(given)]));
  return {
    columns: own as BlockColumns,
    ...(packed && { packed }),
    ...(classNames && { classNames }),
    ...more,
  } as never;
}

/** All blocks as lists. */
export async function gathered(blocks: AsyncIterable<Partial<Block>>) {
  const all = {
    features: [] as number[],
    logits: [] as number[],
    widths: new Set<number>(),
    labels: [] as number[],
    ids: [] as string[],
    places: [] as string[],
    rows: [] as number[],
  };
  for await (const block of blocks) {
    if (block.features) {
      all.features.push(...block.features.data);
      all.widths.add(block.features.shape[1]);
      all.rows.push(block.features.shape[0]);
    }
    if (block.logits) all.logits.push(...block.logits.data);
    if (block.labels) all.labels.push(...block.labels);
    if (block.ids) for (const id of block.ids) all.ids.push(String(id));
    all.places.push(`${block.shard}:${block.from}`);
  }
  return all;
}

/** The same bytes with a name, had range by range; it counts what was asked for. */
export function ranges(bytes: Uint8Array<ArrayBuffer>, name: string) {
  const asked: [number, number][] = [];
  return {
    asked,
    name,
    byteLength: bytes.length,
    slice(start: number, end = bytes.length) {
      asked.push([start, end]);
      return Promise.resolve(bytes.slice(start, end).buffer);
    },
  };
}
