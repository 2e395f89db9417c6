import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Each reading in a process of its own, which says its time and the most memory that it had; `usual-flat` has Snappy
 * and dictionaries, as pandas writes flat columns. `PYTHON` is one with pyarrow, which writes the files; without it
 * there is nothing to read.
 */
const ROWS = Number(process.env.ROWS ?? 200_000);
const SIZE = 128;
export const title = `${ROWS} x ${SIZE} float32 from files, beside NumPy and pyarrow; each in a process of its own`;

const WRITE = `
import sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq
rows, size, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
x = np.random.default_rng(0).standard_normal((rows, size), dtype=np.float32)
y = pa.array(np.arange(rows) % 10)
np.save(f"{folder}/x.npy", x)
lists = pa.ListArray.from_arrays(pa.array(np.arange(0, rows * size + 1, size, dtype=np.int32)), pa.array(x.reshape(-1)))
fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(4 * size), rows, [None, pa.py_buffer(x)])
pq.write_table(pa.table({"x": lists, "y": y}), f"{folder}/list.parquet")
pq.write_table(pa.table({"x": fixed, "y": y}), f"{folder}/packed.parquet", use_dictionary=False, compression="none")
flat = pa.table({f"f{i}": x[:, i] for i in range(size)})
pq.write_table(flat, f"{folder}/flat.parquet", use_dictionary=False, compression="none")
pq.write_table(flat, f"{folder}/usual-flat.parquet", row_group_size=rows)
table = pa.table({"x": pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), size), "y": y})
with pa.ipc.new_file(f"{folder}/x.arrow", table.schema) as writer: writer.write_table(table)
`;

const PYTHON_READ = `
import sys, time, resource, numpy as np
start = time.perf_counter(); cpu = time.process_time()
path = sys.argv[1]
if path.endswith(".npy"):
    x = np.load(path); rows = len(x); x.sum()
else:
    import pyarrow.parquet as pq
    start = time.perf_counter(); cpu = time.process_time()
    rows = 0
    for batch in pq.ParquetFile(path).iter_batches(8192): rows += len(batch)
print(rows, time.perf_counter() - start, time.process_time() - cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
`;

const line = (name: string, output: string): string => {
  const [rows, seconds, cpu, peak] = output.trim().split(/\s+/).map(Number) as [number, number, number, number];
  const megabytes = (rows * SIZE * 4) / 1e6;
  return `${name.padEnd(28)} ${(rows / seconds / 1000).toFixed(0).padStart(6)} thousand rows/s, ${(megabytes / seconds).toFixed(0).padStart(5)} MB/s (${(megabytes / cpu).toFixed(0).padStart(5)} a second of processor), ${peak.toFixed(0)} MB at most`;
};

function ran(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(stderr);
  return stdout;
}

export function run(): string[] {
  const python = process.env.PYTHON ?? 'python3';
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-ood-bench-'));
  try {
    try {
      ran(python, ['-c', WRITE, String(ROWS), String(SIZE), folder]);
    } catch (error) {
      return [`missing: a Python with pyarrow (PYTHON=...): ${(error as Error).message.trim().split('\n').at(-1)}`];
    }
    const own = fileURLToPath(new URL('blocks/read.ts', import.meta.url));
    const tsx = ['--import', 'tsx', own];
    const files = ['list.parquet', 'packed.parquet', 'flat.parquet', 'usual-flat.parquet', 'x.arrow', 'x.npy'];
    const limit = fileURLToPath(new URL('blocks/limit.ts', import.meta.url));
    const least = ran(process.execPath, ['--import', 'tsx', limit, join(folder, 'flat.parquet'), String(ROWS)]);
    return [
      ...files.map((file) => line(file, ran(process.execPath, [...tsx, join(folder, file)]))),
      line('flat, read and turned alone', least),
      ...['x.npy', 'list.parquet', 'packed.parquet', 'flat.parquet'].map((file) =>
        line(
          `${file === 'x.npy' ? 'np.load' : 'pyarrow'}, ${file}`,
          ran(python, ['-c', PYTHON_READ, join(folder, file)]),
        ),
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
