import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Field, FixedSizeList, Float32, Table, tableToIPC, vectorFromArray } from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { encodeSafetensors } from 'tfjs-ood';
import { labelsOf, rows } from './given-values';

const DATA = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const LABELS = Int32Array.of(0, 1, 0, 1);

/** 45 rows of six numbers, with a label and an id each. */
export function parquetFile(part = 0): Uint8Array<ArrayBuffer> {
  const { data, shape } = rows();
  const all = labelsOf(shape[0]);
  const own = Array.from({ length: 45 }, (_, i) => 45 * part + i);
  const columnData = [
    { name: 'embedding', data: own.map((row) => [...data.subarray(row * shape[1], (row + 1) * shape[1])]) },
    { name: 'label', data: own.map((row) => all[row]!) },
    { name: 'id', data: own.map((row) => `image ${row}`) },
  ];
  const REQUIRED = 'REQUIRED';
  return new Uint8Array(
    parquetWriteBuffer({
      columnData,
      schema: [
        { name: 'root', num_children: 3 },
        { name: 'embedding', repetition_type: REQUIRED, num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: REQUIRED, type: 'FLOAT' },
        { name: 'label', repetition_type: REQUIRED, type: 'INT32' },
        { name: 'id', repetition_type: REQUIRED, type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      ],
    }),
  );
}

function npy(descr: string, shape: string, data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(header), data]);
}

/** A zip file with its entries stored. */
function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const [locals, list]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const [text, content] of Object.entries(files)) {
    const name = Buffer.from(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    locals.push(local, name, Buffer.from(content));
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt32LE(content.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    list.push(entry, name);
    at += 30 + name.length + content.length;
  }
  const entries = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, entries, end]);
}

const bytesIn = (array: Float32Array | Int32Array): Uint8Array => new Uint8Array(array.buffer);

/** The files that examples of blocks have at hand. */
export const blockFiles = {
  shards: () => [parquetFile(0), parquetFile(1)],
  npyBytes: () => npy('<f4', '(4, 2)', bytesIn(DATA)),
  npzBytes: () => zip({ 'x.npy': npy('<f4', '(4, 2)', bytesIn(DATA)), 'y.npy': npy('<i4', '(4,)', bytesIn(LABELS)) }),
  tensorBytes: () => encodeSafetensors({ embeddings: { dtype: 'F32', shape: [4, 2], data: DATA } }),
  arrowBytes: () => {
    const type = new FixedSizeList(2, new Field('item', new Float32(), false));
    const lists = vectorFromArray(
      [0, 1, 2, 3].map((row) => DATA.subarray(2 * row, 2 * row + 2)),
      type,
    );
    return tableToIPC(new Table({ x: lists, y: vectorFromArray(LABELS) }), 'file');
  },
  shardAddress: async () => {
    const bytes = parquetFile();
    const server = createServer((request, response) => {
      const [start, last] = /(\d+)-(\d+)/.exec(request.headers.range!)!.slice(1).map(Number) as [number, number];
      response.writeHead(206, { 'content-range': `bytes ${start}-${last}/${bytes.length}` });
      response.end(bytes.subarray(start, last + 1));
    }).unref();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/train-00.parquet`;
  },
};
