// Run by node.test.ts and killed: writes checkpoints until then, each filled with its epoch.
import { openRunFolder } from 'tfjs-ood/node';

const [folder, last] = process.argv.slice(2);
const run = await openRunFolder(folder!, {});
process.send!('begun');
for (let epoch = Number(last) + 1; ; epoch++) {
  await run.saveCheckpoint(new Uint8Array(300_000).fill(epoch % 256), { epoch });
}
