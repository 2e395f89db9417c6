import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { InferenceSession, Tensor } from 'onnxruntime-web';
import { seededRandom } from 'tfjs-ood';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { detectorToOnnx } from 'tfjs-ood/onnx';
import { nearestNeighbors } from 'tfjs-ood/scorers';

const [BANK, SIZE, K, ROWS] = [50_000, 128, 50, 64];
export const title = `a detector as ONNX: nearest neighbors, a bank of ${BANK} x ${SIZE}, k = ${K}; ${ROWS} rows at a time`;

const drawn = (rows: number, seed: number) => {
  const random = seededRandom(seed);
  return { data: Float32Array.from({ length: rows * SIZE }, () => random.normal()), shape: [rows, SIZE] as const };
};
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Median milliseconds of five runs. */
async function timed(run: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return median(times);
}

export async function run(): Promise<string[]> {
  await tf.setBackend('wasm');
  const calibrationShare = 0.02;
  const features = drawn(Math.ceil(BANK / (1 - calibrationShare)) + 2000, 1);
  const scorer = nearestNeighbors({ k: K, bankSize: BANK });
  const detector = await fitOutputDetector({ features }, { scorer, calibrationShare });
  let bytes = new Uint8Array();
  const write = await timed(() => (bytes = detectorToOnnx(detector) as Uint8Array<ArrayBuffer>));
  const asked = drawn(ROWS, 2);
  const own = await timed(() => detector.predict({ features: asked }));
  let session: InferenceSession | undefined;
  const load = await timed(async () => {
    await session?.release();
    session = await InferenceSession.create(bytes);
  });
  const feeds = { features: new Tensor('float32', asked.data, asked.shape) };
  const other = await timed(() => session!.run(feeds));
  await session!.release();
  detector.dispose();
  return [
    `bank ${(detector.state.scorers[0]!.tensors.bank!.shape as number[]).join(' x ')}, file ${(bytes.length / 1e6).toFixed(1)} MB (the bank itself is ${((4 * BANK * SIZE) / 1e6).toFixed(1)} MB)`,
    `detectorToOnnx: ${write.toFixed(0)} ms`,
    `ONNX Runtime Web: loaded in ${load.toFixed(0)} ms, ${ROWS} rows in ${other.toFixed(0)} ms; detector.predict, wasm: ${own.toFixed(0)} ms`,
  ];
}
