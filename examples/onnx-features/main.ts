import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { program } from 'commander';
import { InferenceSession, Tensor } from 'onnxruntime-web';
import { OodError } from 'tfjs-ood';
import { mahalanobis } from 'tfjs-ood/scorers';
import { classAccuracy, evaluate, evaluationTable } from 'tfjs-ood/metrics';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { readMnist, type LabeledImages } from 'tfjs-ood/datasets';
import { loadMnist, nodeInflate } from 'tfjs-ood/node';

/**
 * A classifier in another runtime: ONNX Runtime Web gives features and logits as typed arrays, and the detector takes
 * them as they are. `make_model.py` made the model.
 */
interface Options {
  data: string;
  fit: number;
  test: number;
}

type Rows = { data: Float32Array; shape: [number, number] };

async function outputsOf(session: InferenceSession, { images, shape }: LabeledImages, from: number, count: number) {
  const size = shape[1] * shape[2] * shape[3];
  const parts: Record<'features' | 'logits', number[]> = { features: [], logits: [] };
  for (let at = from; at < from + count; at += 250) {
    const rows = Math.min(250, from + count - at);
    const pixels = Float32Array.from(images.subarray(at * size, (at + rows) * size), (byte) => byte / 255);
    const found = await session.run({ images: new Tensor('float32', pixels, [rows, 1, 28, 28]) });
    for (const name of ['features', 'logits'] as const) parts[name].push(...(found[name]!.data as Float32Array));
  }
  const rowsOf = (numbers: number[]): Rows => ({
    data: Float32Array.from(numbers),
    shape: [count, numbers.length / count],
  });
  return { features: rowsOf(parts.features), logits: rowsOf(parts.logits) };
}

async function run({ data, fit, test }: Options): Promise<void> {
  await tf.setBackend('wasm');
  const session = await InferenceSession.create(await readFile(fileURLToPath(new URL('digits.onnx', import.meta.url))));
  const mnist = await loadMnist(join(data, 'mnist'));
  const fashionFile = async (name: string) => readFile(join(data, 'fashion-mnist', `t10k-${name}-ubyte.gz`));
  const fashion = await readMnist(await fashionFile('images-idx3'), await fashionFile('labels-idx1'), {
    inflate: nodeInflate,
  });

  const from = 20_000; // the first ones trained the model
  const known = await outputsOf(session, mnist.train, from, fit);
  const labels = mnist.train.labels.subarray(from, from + fit);
  const detector = await fitOutputDetector({ ...known, labels }, { scorer: mahalanobis(), alpha: 0.05 });

  const inside = await detector.predict(await outputsOf(session, mnist.test, 0, test));
  const outside = await detector.predict(await outputsOf(session, fashion, 0, test));
  const scores = (verdicts: typeof inside) => verdicts.map(({ score }) => score);
  const result = evaluate(
    { in: scores(inside), out: { 'fashion-mnist': scores(outside) } },
    {
      accuracy: classAccuracy(
        inside.map(({ label }) => label as number),
        mnist.test.labels.subarray(0, test),
      ),
    },
  );
  const alarms = inside.filter(({ isOod }) => isOod).length / test;
  console.log(
    `MNIST by ONNX Runtime Web, accuracy ${result.accuracy!.toFixed(4)}; false alarms ${alarms.toFixed(3)} at alpha 0.05\n`,
  );
  console.log(evaluationTable(result, { interval: true }));
  detector.dispose();
  await session.release();
}

program
  .name('npm run example:onnx --')
  .description('A detector on features that another runtime computed.')
  .requiredOption('--data <folder>', 'folder with mnist/ and fashion-mnist/')
  .option('--fit <count>', 'images that fit and calibrate the detector', Number, 5000)
  .option('--test <count>', 'test images of either set', Number, 2000)
  .parse();

run(program.opts<Options>()).catch((error: unknown) => {
  console.error(error instanceof OodError ? error.message : error);
  process.exitCode = 1;
});
