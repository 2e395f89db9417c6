import * as reading from 'tfjs-ood/blocks';
import { fixture, bytesOf } from '../blocks/block-files';
import type { Rows } from './row';

const { files, npy } = fixture;
const { bytes } = files['pyarrow, list']!;
const server = () => Promise.resolve(new Response('x', { status: 206, headers: { 'content-range': 'bytes 0-0/1' } }));

/** Readers look at their options when the first block is asked for. */
const first = (read: (...given: never[]) => AsyncIterator<unknown>) =>
  (async (...given: never[]) => (await read(...given).next()).value as unknown) as (...given: never[]) => unknown;

const COUNT = ['a whole number from 1', 0, 1.5, NaN, '3', null] as const;
const NAMES = ['a list of names of which no two are the same', 'cat', ['cat', 'cat'], [1], null] as const;
const SIGNAL = ['an AbortSignal', {}, 1, null] as const;
const COLUMNS = ['an object that names columns, such as { features: "embedding" }', 'x', ['x'], null] as const;
const PACKED = ['one of float16, float32, float64, int8, uint8', 'float', 32, null] as const;
const DELIMITER = ['a character that is no quote and no line end', '', '"', '\n', ';;', 1, null] as const;
const all = { blockRows: COUNT, classNames: NAMES, signal: SIGNAL } as const;
const usual = { columns: { features: 'embedding' } };

/** Readers and writers of blocks. */
export const blocks: Rows = {
  parquetBlocks: {
    call: first(reading.parquetBlocks),
    before: [bytesOf(bytes)],
    needed: usual,
    slip: ['blockRow', 'blockRows'],
    rules: { ...all, columns: COLUMNS, packed: PACKED },
    runs: true,
  },
  arrowBlocks: {
    call: first(reading.arrowBlocks),
    before: [bytesOf(files['arrow file']!.bytes)],
    needed: usual,
    slip: ['column', 'columns'],
    rules: { ...all, columns: COLUMNS, packed: PACKED },
    runs: true,
  },
  npzBlocks: {
    call: first(reading.npzBlocks),
    before: [bytesOf(files.npz!.bytes)],
    needed: { columns: { features: 'x' } },
    slip: ['classNams', 'classNames'],
    rules: { ...all, columns: COLUMNS },
    runs: true,
  },
  safetensorsBlocks: {
    call: first(reading.safetensorsBlocks),
    before: [bytesOf(files['safetensors, float32']!.bytes)],
    needed: { columns: { features: 'x' } },
    slip: ['signals', 'signal'],
    rules: { ...all, columns: COLUMNS },
    runs: true,
  },
  csvBlocks: {
    call: first(reading.csvBlocks),
    before: [bytesOf(files['csv, pandas']!.bytes)],
    needed: { columns: { features: ['f0', 'f1'] } },
    slip: ['delimeter', 'delimiter'],
    rules: { ...all, columns: COLUMNS, delimiter: DELIMITER },
    runs: true,
  },
  npyBlocks: {
    call: first(reading.npyBlocks),
    before: [{ features: bytesOf(npy.float32!.bytes) }],
    slip: ['rows', 'blockRows'],
    rules: all,
    runs: true,
  },
  httpRanges: {
    call: reading.httpRanges,
    before: ['http://127.0.0.1/x'],
    given: { fetch: server },
    slip: ['header', 'headers'],
    rules: { headers: ['an object', 1, 'o', [], null], fetch: ['a function', 1, {}, null], signal: SIGNAL },
    runs: true,
  },
  csvWriter: {
    call: reading.csvWriter,
    before: [new WritableStream()],
    slip: ['delimeter', 'delimiter'],
    rules: { delimiter: DELIMITER },
  },
  parquetWriter: {
    call: reading.parquetWriter,
    before: [new WritableStream()],
    slip: ['groupRow', 'groupRows'],
    rules: { groupRows: COUNT },
  },
};
