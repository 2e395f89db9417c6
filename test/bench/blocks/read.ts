import { arrowBlocks, npyBlocks, parquetBlocks, type BlockRows } from 'tfjs-ood/blocks';
import { fileRanges } from 'tfjs-ood/node';

/** Reads a file and says rows, seconds, those of a processor, and the most memory of the process. */
const path = process.argv[2]!;
const file = await fileRanges(path);
const columns = { features: path.endsWith('flat.parquet') ? /^f\d+$/ : 'x' };
const blocks = (): AsyncIterable<{ features: BlockRows }> =>
  path.endsWith('.npy')
    ? npyBlocks({ features: file })
    : path.endsWith('.arrow')
      ? arrowBlocks(file, { columns })
      : parquetBlocks(file, { columns });
// The first block loads and compiles the code
for await (const { features } of blocks()) if (features.shape[0] > 0) break;
const [start, cpu] = [performance.now(), process.cpuUsage()];
let rows = 0;
let sum = 0;
for await (const { features } of blocks()) {
  rows += features.shape[0];
  sum += features.data[0]!; // somebody looks at it
}
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
if (!Number.isFinite(sum)) throw new Error('no numbers');
console.log(rows, seconds, (user + system) / 1e6, process.resourceUsage().maxRSS / 1024);
await file.close();
