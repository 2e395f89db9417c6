import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { Option, program } from 'commander';
import { OodError } from 'tfjs-ood';
import { classAccuracy, evaluate } from 'tfjs-ood/metrics';
import { scorerMethods } from 'tfjs-ood/detector';
import { readMnist, type ImageSet, type LabeledImages } from 'tfjs-ood/datasets';
import { fitDetector } from 'tfjs-ood/detector';
import { loadMnist, nodeInflate, writeReport } from 'tfjs-ood/node';
import { trainSmallClassifier } from '../runner/small-classifier';

/**
 * A classifier as anybody trains it, on MNIST with tfjs-layers alone; then every scorer of the package around it, with
 * Fashion-MNIST as what it never learned; or one scorer, and in words how good it is.
 */
interface Options {
  data: string;
  train: number;
  fit: number;
  test: number;
  epochs: number;
  scorer?: keyof typeof scorerMethods;
  report?: string;
}

const part = ({ images, labels, shape }: LabeledImages, from: number, count: number) => {
  const size = shape[1] * shape[2] * shape[3];
  const rows = Math.min(count, shape[0] - from);
  return {
    images: images.subarray(from * size, (from + rows) * size),
    shape: [rows, shape[1], shape[2], shape[3]],
    labels: labels.subarray(from, from + rows),
  } as const;
};

/** Images of known digits that are none any more: shifted by half their width, and with light and dark exchanged. */
function altered({ images, shape }: LabeledImages): Record<string, ImageSet> {
  const width = shape[2];
  const shifted = images.map((_, at) => images[at - (at % width) + ((at + width / 2) % width)]!);
  return { 'halves exchanged': { images: shifted, shape }, negatives: { images: images.map((x) => 255 - x), shape } };
}

async function run({ data, train, fit, test, epochs, scorer, report }: Options): Promise<void> {
  await tf.setBackend('wasm');
  const mnist = await loadMnist(join(data, 'mnist'));
  const fashionFile = async (name: string) => readFile(join(data, 'fashion-mnist', `t10k-${name}-ubyte.gz`));
  const fashion = await readMnist(await fashionFile('images-idx3'), await fashionFile('labels-idx1'), {
    inflate: nodeInflate,
  });
  const model = await trainSmallClassifier(part(mnist.train, 0, train), { classes: 10, epochs, seed: 0 });
  // Images that did not train the model: on those that did, scores are too low.
  const known = part(mnist.train, train, fit);
  const [inside, outside] = [part(mnist.test, 0, test), part(fashion, 0, test)];

  if (scorer) {
    const options = { scorer: scorerMethods[scorer]!(), features: 'features', cutPoints: { strict: 0.01 } };
    const detector = await fitDetector(model, { images: known, labels: known.labels }, options);
    const result = await detector.evaluate({
      known: inside,
      strange: { 'Fashion-MNIST': outside, ...altered(inside) },
    });
    console.log([result.sentence, '', result.known.sentence, ...result.out.map(({ sentence }) => sentence)].join('\n'));
    if (!report) return;
    const title = `MNIST: ${scorer}`;
    const [page] = await writeReport(report, { title, ...result, known: { ...result.known, images: inside } });
    console.log(`\n${page}`);
    return;
  }
  const rows: string[] = [];
  let accuracy = 0;
  for (const [kind, method] of Object.entries(scorerMethods)) {
    const detector = await fitDetector(
      model,
      { images: known, labels: known.labels },
      { scorer: method(), features: 'features' },
    );
    const start = performance.now();
    const verdicts = await detector.predict(inside);
    const perImage = (performance.now() - start) / inside.shape[0];
    const strange = await detector.predict(outside);
    const scores = (list: typeof verdicts) => list.map(({ score }) => score);
    const { auroc, fprAt95TprInPositive: fpr95 } = evaluate({ in: scores(verdicts), out: { fashion: scores(strange) } })
      .sets.fashion!;
    const share = (list: typeof verdicts) => list.filter(({ isOod }) => isOod).length / list.length;
    accuracy = classAccuracy(
      verdicts.map(({ label }) => label as number),
      inside.labels,
    );
    rows.push(
      `| ${kind.padEnd(20)} | ${auroc.value.toFixed(4)} | ${fpr95.toFixed(4)} | ${share(verdicts).toFixed(3)} | ${share(strange).toFixed(3)} | ${perImage.toFixed(2)} |`,
    );
    detector.dispose();
  }
  console.log(
    `MNIST, accuracy ${accuracy.toFixed(4)} on ${inside.shape[0]} test images; Fashion-MNIST is unknown. alpha = 0.05\n`,
  );
  console.log('| scorer               | AUROC  | FPR95  | false alarms | found | ms an image |');
  console.log('| -------------------- | -----: | -----: | -----------: | ----: | ----------: |');
  console.log(rows.join('\n'));
}

program
  .name('npm run example:mnist --')
  .description('Every scorer around a classifier of digits; Fashion-MNIST is what it never learned.')
  .requiredOption('--data <folder>', 'folder with mnist/ and fashion-mnist/')
  .option('--train <count>', 'images that train the classifier', Number, 20_000)
  .option('--fit <count>', 'further images that fit and calibrate the detectors', Number, 5000)
  .option('--test <count>', 'test images of either set', Number, 2000)
  .addOption(
    new Option('--scorer <kind>', 'this scorer alone, with its evaluation in words').choices(
      Object.keys(scorerMethods),
    ),
  )
  .option('--report <folder>', 'where a report of that scorer goes')
  .option('--epochs <count>', 'epochs of training', Number, 2)
  .parse();

run(program.opts<Options>()).catch((error: unknown) => {
  console.error(error instanceof OodError ? error.message : error);
  process.exitCode = 1;
});
