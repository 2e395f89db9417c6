import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from 'tfjs-ood';
import { mahalanobis, nearestNeighbors, partialCalibration } from 'tfjs-ood/scorers';

const [ROWS, SIZE, SCORED] = [50_000, 128, 2000];
export const title = `fits in parts: ${ROWS} x ${SIZE}, and ${SCORED} rows that calibrate, on wasm; medians of 5`;

async function medianOf(run: () => unknown): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await run();
    all.push(performance.now() - start);
  }
  return all.sort((a, b) => a - b)[2]!;
}

export async function* run(): AsyncIterable<string> {
  await tf.setBackend('wasm');
  const random = seededRandom(1);
  const data = Float32Array.from({ length: ROWS * SIZE }, random.normal);
  const block = {
    features: { data, shape: [ROWS, SIZE] as const },
    labels: Int32Array.from({ length: ROWS }, (_, row) => row % 10),
  };
  const ids = Float64Array.from({ length: ROWS }, (_, row) => row);
  const scored = { features: { data: data.subarray(0, SCORED * SIZE), shape: [SCORED, SIZE] as const } };
  const methods = {
    mahalanobis: mahalanobis(),
    'nearestNeighbors, 10,000 rows': nearestNeighbors({ bankSize: 10_000 }),
  };
  for (const [name, method] of Object.entries(methods)) {
    const ms = async (what: string, run: () => unknown) => `${name}: ${what} ${(await medianOf(run)).toFixed(0)} ms`;
    const part = await method.partial();
    await part.add(block, { ids });
    const bytes = part.toBytes();
    const scorer = await method.fromPartial(part);
    await scorer.score(scored);
    yield ms('fit', async () => (await method.fit([block], {})).dispose());
    yield ms('a part of all rows', async () => (await method.partial()).add(block, { ids }));
    yield ms(`its ${(bytes.length / 2 ** 20).toFixed(1)} MiB written and merged`, async () => {
      await (await method.partial()).merge(part.toBytes());
    });
    yield ms('the scorer of it', async () => (await method.fromPartial(part)).dispose());
    yield ms(`${SCORED} rows scored in a block`, () => scorer.score(scored));
    yield ms('one by one, as they calibrate', () =>
      partialCalibration(scorer, { share: 1 }).add(scored, { ids: ids.subarray(0, SCORED) }),
    );
    scorer.dispose();
  }
}
