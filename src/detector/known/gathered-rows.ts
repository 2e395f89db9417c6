import type { Batch, FitBlock } from '../../scorers/contract/scorer';
import type { Rows } from '../../scorers/contract/rows';
import { pickRows, type KnownBlock } from './known-rows';

/** Rows one after the other. */
function joined(parts: readonly Rows[]): Rows {
  const size = parts[0]!.shape[1];
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [data.length / size, size] };
}

/** Features, logits and labels of blocks as a whole, of which any rows can be had as often as they are wanted. */
export async function gatheredRows(blocks: AsyncIterable<KnownBlock>, blockSize: number) {
  const [features, logits, labels]: [Rows[], Rows[], number[]] = [[], [], []];
  for await (const block of blocks) {
    if (block.features) features.push(block.features);
    if (block.logits) logits.push(block.logits);
    if (block.labels) labels.push(...block.labels);
  }
  const all = {
    ...(features.length > 0 && { features: joined(features) }),
    ...(logits.length > 0 && { logits: joined(logits) }),
  };
  return async function* blocksOf(rows: Int32Array): AsyncGenerator<FitBlock & Batch> {
    await Promise.resolve(); // an async generator, as that of rows that come from a model
    for (let from = 0; from < rows.length; from += blockSize) {
      const own = rows.subarray(from, from + blockSize);
      yield {
        ...(all.features && { features: pickRows(all.features, own) }),
        ...(all.logits && { logits: pickRows(all.logits, own) }),
        ...(labels.length > 0 && { labels: own.map((row) => labels[row]!) }),
      } as unknown as FitBlock & Batch;
    }
  };
}
