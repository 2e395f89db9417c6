import { join } from 'node:path';
import { parquetBlocks } from 'tfjs-ood/blocks';
import { calibratedOutputDetector } from 'tfjs-ood/detector';
import { folderStore } from 'tfjs-ood/jobs';
import { fileRanges } from 'tfjs-ood/node';
import { encodeScorer, partialCalibration } from 'tfjs-ood/scorers';
import { METHODS, startBackend, tell } from './methods';
import { ALPHA, COLUMNS, type SingleOrders } from './messages';

/** Fits and calibrates every method in one process, in one pass over the shards each, for comparison. */
export async function fitAlone({ train, store: folder, shards, share }: SingleOrders): Promise<void> {
  await startBackend();
  const store = folderStore(folder);
  async function* blocks() {
    for (const shard of shards) {
      const file = await fileRanges(join(train, shard));
      for await (const block of parquetBlocks(file, { columns: COLUMNS })) yield { block, shard };
      await file.close();
      tell();
    }
  }
  const seconds: Record<string, number> = {};
  for (const [name, method] of Object.entries(METHODS)) {
    let before = performance.now();
    const partial = await method.partial({ calibrationShare: share, seed: 1 });
    for await (const { block, shard } of blocks()) await partial.add(block as never, { shard });
    const scorer = await method.fromPartial(partial);
    await store.put(`single/${name}/scorer`, encodeScorer(scorer.state()));
    seconds[`${name}: fit`] = (performance.now() - before) / 1000;
    before = performance.now();
    const calibration = partialCalibration(scorer, { share, seed: 1 });
    for await (const { block, shard } of blocks()) await calibration.add(block as never, { ids: block.ids, shard });
    const detector = calibratedOutputDetector(scorer, calibration.scores(), { alpha: ALPHA });
    await store.put(`single/${name}/detector`, detector.toBytes());
    seconds[`${name}: calibrate`] = (performance.now() - before) / 1000;
    detector.dispose();
  }
  tell({ seconds });
  process.disconnect?.();
}
