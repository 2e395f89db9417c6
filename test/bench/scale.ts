import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from 'tfjs-ood';
import {
  calibrationRows,
  mahalanobis,
  nearestNeighbors,
  partialCalibration,
  type PartialFit,
  type Scorer,
} from 'tfjs-ood/scorers';

const [SIZE, CLASSES, BLOCK, BLOCKS, BANK] = [Number(process.env.SIZE ?? 768), 1000, 10_000, 4, 50_000];
export const title = `what docs/scale.md counts with: ${SIZE} features, ${CLASSES} classes, blocks of ${BLOCK} rows, a bank of ${BANK}; processor time, one core`;

type Part = PartialFit<'features' | 'labels'>;

/** Seconds of processor of some work, and what it gives. */
async function timed<T>(work: () => Promise<T> | T): Promise<[seconds: number, T]> {
  const start = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(start);
  return [(user + system) / 1e6, result];
}

const random = seededRandom(1);
const drawn = (rows: number) => ({
  data: Float32Array.from({ length: rows * SIZE }, () => random.normal()),
  shape: [rows, SIZE] as const,
});
const features = drawn(BLOCK);
const labels = Int32Array.from({ length: BLOCK }, () => random.integer(CLASSES));
const idsOf = (block: number) => Float64Array.from({ length: BLOCK }, (_, row) => block * BLOCK + row);

/** One method: rows a second, bytes of a part, and what it takes to bring two together. */
async function part(
  name: string,
  open: () => Promise<Part>,
  read: (bytes: Uint8Array) => Promise<Part>,
  finish: (whole: Part) => Promise<Scorer<'features'>>,
): Promise<[line: string, scorer: Scorer<'features'>]> {
  const fill = async (first: number) => {
    const partial = await open();
    for (let block = first; block < first + BLOCKS; block++) {
      await partial.add({ features, labels }, { ids: idsOf(block), shard: String(block) });
    }
    return partial;
  };
  await fill(100); // what is compiled once
  const [adding, whole] = await timed(() => fill(0));
  const [writing, bytes] = await timed(() => whole.toBytes());
  const other = (await fill(BLOCKS)).toBytes();
  const [reading, second] = await timed(() => read(other));
  const [merging] = await timed(() => whole.merge(second));
  const [finishing, scorer] = await timed(() => finish(whole));
  const line =
    `${name}: ${((BLOCK * BLOCKS) / adding).toFixed(0)} rows/s; a part ${(bytes.length / 2 ** 20).toFixed(1)} MiB, ` +
    `written in ${writing.toFixed(2)} s, read in ${reading.toFixed(2)}, merged in ${merging.toFixed(2)}; fromPartial ${finishing.toFixed(2)} s`;
  return [line, scorer];
}

export async function* run(): AsyncGenerator<string> {
  await tf.setBackend('wasm');
  const gaussian = mahalanobis();
  const [first, scorer] = await part(
    'mahalanobis',
    () => gaussian.partial(),
    (bytes) => gaussian.partialFrom(bytes),
    (whole) => gaussian.fromPartial(whole, {}),
  );
  yield first;
  const near = nearestNeighbors({ bankSize: BANK });
  const [second, neighbors] = await part(
    'nearestNeighbors',
    () => near.partial(),
    (bytes) => near.partialFrom(bytes),
    (whole) => near.fromPartial(whole, {}),
  );
  yield second;

  const share = 0.02;
  for (const [name, one] of Object.entries({ mahalanobis: scorer, nearestNeighbors: neighbors })) {
    const ids = idsOf(1000);
    const [warm, cold] = [partialCalibration(one, { share }), partialCalibration(one, { share })];
    await warm.add({ features }, { ids });
    const [calibrating] = await timed(() => cold.add({ features }, { ids }));
    const count = calibrationRows(ids, { share }).length;
    const [scoring] = await timed(() => one.score({ features }));
    yield (
      `${name}: calibration ${(BLOCK / calibrating).toFixed(0)} rows/s where ${(100 * share).toFixed(0)} % calibrate ` +
      `(${((1000 * calibrating) / count).toFixed(2)} ms each), scores ${(BLOCK / scoring).toFixed(0)} rows/s`
    );
    one.dispose();
  }
  const [hashing] = await timed(() => {
    for (let block = 0; block < 100; block++) calibrationRows(idsOf(block), { share });
  });
  yield `calibrationRows: ${((100 * BLOCK) / hashing / 1e6).toFixed(1)} million ids/s`;
}
