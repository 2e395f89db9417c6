import { open } from 'node:fs/promises';

/**
 * What flat columns cost at least, whatever their format: the bytes of 128 columns come from the file in parts of as
 * many rows as a page has, are copied to tiles, turned to rows of new blocks, and looked at for NaN. Nothing is parsed.
 */
const [path, rowsText] = [process.argv[2]!, process.argv[3]!];
const [COLUMNS, TILE, PAGE_ROWS, BLOCK_ROWS] = [128, 8, 16_384, 8192];
const rows = Number(rowsText);
const file = await open(path);
const pages = Array.from({ length: COLUMNS }, () => new Uint8Array(4 * PAGE_ROWS));
const tile = new Float32Array(TILE * 1024);
const tileBytes = new Uint8Array(tile.buffer);

function turned(from: number, count: number): Float32Array {
  const out = new Float32Array(count * COLUMNS);
  for (let first = 0; first < count; first += 1024) {
    const some = Math.min(1024, count - first);
    for (let column = 0; column < COLUMNS; column += TILE) {
      for (let k = 0; k < TILE; k++) {
        const at = 4 * (from + first);
        tileBytes.set(pages[column + k]!.subarray(at, at + 4 * some), 4096 * k);
      }
      for (let row = 0, to = first * COLUMNS + column; row < some; row++, to += COLUMNS) {
        for (let k = 0, at = row; k < TILE; k++, at += 1024) out[to + k] = tile[at]!;
      }
    }
  }
  return out;
}

const [start, cpu] = [performance.now(), process.cpuUsage()];
let odd = 0;
for (let done = 0; done < rows; done += PAGE_ROWS) {
  const some = Math.min(PAGE_ROWS, rows - done);
  for (let column = 0; column < COLUMNS; column++) {
    await file.read(pages[column]!, 0, 4 * some, 4 * (column * rows + done));
  }
  for (let from = 0; from < some; from += BLOCK_ROWS) {
    const block = turned(from, Math.min(BLOCK_ROWS, some - from));
    let sum = 0;
    for (let i = 0; i < block.length; i++) sum += block[i]! * 0;
    if (Number.isNaN(sum)) odd++; // whatever lies there is read as float32
  }
}
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
if (odd > rows) throw new Error('more odd blocks than rows');
console.log(rows, seconds, (user + system) / 1e6, process.resourceUsage().maxRSS / 1024);
await file.close();
