import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { program } from 'commander';
import { mahalanobis, nearestNeighbors, residual, vim } from 'tfjs-ood/scorers';
import { evaluate } from 'tfjs-ood/metrics';
import { fitOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { type ImageSet } from 'tfjs-ood/datasets';
import { featuresOf, fitDetector } from 'tfjs-ood/detector';
import { loadCifar10, loadMnist, readImageList } from 'tfjs-ood/node';
import { namesAmong, whole } from '../runner/arguments';
import { CLASSES, loadModel } from './load-model';
import { drawPhotos, drawSketches } from './made-up-images';
import { toInput } from './to-input';

/**
 * A GraphModel that somebody else trained and an npm package ships: the moderation model of nsfwjs. It has a class for
 * any picture, noise too. A site for flats wants to know which uploads are like nothing on the site, without training:
 * known are photographs of houses and rooms.
 */
interface Options {
  data?: string;
  fit: number;
  test: number;
  scorers?: string[];
}

/** ODIN needs images, three others images of every class: a site has them of one. Tags are another kind of model. */
const possible = Object.keys(scorerMethods).filter(
  (kind) => !['odin', 'kl-matching', 'she', 'relative-mahalanobis', 'joint-energy'].includes(kind),
);

const some = ({ images, shape: [, ...rest] }: ImageSet, from: number, count: number): ImageSet => {
  const each = rest[0] * rest[1] * rest[2];
  return { images: images.subarray(from * each, (from + count) * each), shape: [count, ...rest] };
};

/** Known images first, then the unknown sets. */
async function loadSets({ data, fit, test }: Options): Promise<{ known: ImageSet; strange: Record<string, ImageSet> }> {
  const noise = drawSketches('noise', test, 3);
  if (data === undefined) {
    console.log('No --data: made-up pictures, soft gradients with boxes (known) against line drawings and noise.\n');
    return { known: drawPhotos(fit + test, 1), strange: { lines: drawSketches('lines', test, 2), noise } };
  }
  const list = (name: string, limit: number) => readImageList(join(data, name), { size: [64, 64], limit });
  if (!(await stat(join(data, 'rooms')).catch(() => undefined))) throw new Error(`${data} has no folder rooms`);
  const strange = {
    cifar10: some((await loadCifar10(data)).test, 0, test),
    mnist: some((await loadMnist(join(data, 'mnist'))).test, 0, test),
    noise,
  };
  return { known: await list('rooms', fit + test), strange };
}

async function run(options: Options): Promise<void> {
  const { fit, test, scorers = possible } = options;
  await tf.setBackend('wasm');
  const model = await loadModel();
  const { known, strange } = await loadSets(options);
  const labels = new Int32Array(fit).fill(CLASSES.indexOf('Neutral'));

  // What a site would do: ten lines around the model, no training.
  const detector = await fitDetector(
    model,
    { images: toInput(some(known, 0, fit)), labels },
    { scorer: mahalanobis(), alpha: 0.05, classNames: CLASSES },
  );
  for (const [name, images] of [['a room', some(known, fit, 1)] as const, ...Object.entries(strange)]) {
    const [verdict] = await detector.predict(toInput(some(images, 0, 1)));
    const { label, score, pValue, isOod } = verdict!;
    console.log(
      `${name}: the model says ${String(label)}, score ${score.toFixed(0)}, p-value ${pValue.toFixed(3)}: ${isOod ? 'unlike the site' : 'as on the site'}`,
    );
  }
  detector.dispose();

  // All scorers on the same features: the model runs once over each image.
  const reader = featuresOf(model);
  console.log(
    `\nFeatures: ${reader.names.features.split('/').slice(-2).join('/')}, logits: ${reader.names.logits.split('/').at(-2)}`,
  );
  const start = performance.now();
  let images = 0;
  const outputs = async (set: ImageSet) => {
    const parts = { features: [] as number[], logits: [] as number[] };
    const count = set.shape[0];
    for (let at = 0; at < count; at += 16) {
      const found = tf.tidy(() => reader.run(toInput(some(set, at, Math.min(16, count - at)))));
      for (const name of ['features', 'logits'] as const) parts[name].push(...(await found[name].data()));
      tf.dispose(found);
    }
    images += count;
    const rows = (numbers: number[]) => ({
      data: Float32Array.from(numbers),
      shape: [count, numbers.length / count] as [number, number],
    });
    return { features: rows(parts.features), logits: rows(parts.logits) };
  };
  const fitted = await outputs(some(known, 0, fit));
  const inside = await outputs(some(known, fit, test));
  const outside = await Promise.all(
    Object.entries(strange).map(async ([name, set]) => [name, await outputs(set)] as const),
  );
  console.log(`${((performance.now() - start) / images).toFixed(1)} ms an image through the model\n`);

  const names = Object.keys(strange);
  console.log(
    `| scorer               | ${names.map((name) => `AUROC ${name}`).join(' | ')} | FPR95 (mean) | ms an image |`,
  );
  console.log(`| -------------------- | ${names.map(() => '---:').join(' | ')} | ---: | ---: |`);
  const head = await reader.head();
  // Not more directions or neighbors than there are rows.
  const few = Math.min(50, Math.floor(fit / 4));
  const methods = {
    ...scorerMethods,
    'nearest-neighbors': () => nearestNeighbors({ k: few }),
    residual: () => residual({ dimension: few }),
    vim: () => vim({ dimension: few }),
  };
  for (const [kind, method] of Object.entries(methods)) {
    if (!scorers.includes(kind)) continue;
    // Scores alone are wanted, of one scorer
    const options = { scorer: method(), calibration: 'held-out', acceptNoAlarm: true, ...(head && { head }) } as const;
    const one = await fitOutputDetector({ ...fitted, labels }, options);
    const scoresOf = async (rows: typeof inside) => (await one.predict(rows)).map(({ score }) => score);
    const begun = performance.now();
    const scores = await scoresOf(inside);
    const perImage = (performance.now() - begun) / test;
    const out: Record<string, number[]> = {};
    for (const [name, rows] of outside) out[name] = await scoresOf(rows);
    const { sets } = evaluate({ in: scores, out });
    const fpr = names.reduce((sum, name) => sum + sets[name]!.fprAt95TprInPositive, 0) / names.length;
    const aurocs = names.map((name) => sets[name]!.auroc.value.toFixed(4).padStart(name.length + 6));
    console.log(
      `| ${kind.padEnd(20)} | ${aurocs.join(' | ')} | ${fpr.toFixed(4).padStart(12)} | ${perImage.toFixed(2).padStart(11)} |`,
    );
    one.dispose();
  }
  model.dispose();
}

program
  .name('npm run example:graph --')
  .description('OoD scores around a GraphModel that an npm package ships.')
  .option('--data <folder>', 'folder with rooms/, mnist/ and CIFAR-10; made-up pictures without it')
  .option('--fit <count>', 'known images that fit and calibrate', whole, 200)
  .option('--test <count>', 'test images of each set', whole, 60)
  .option('--scorers <names>', 'scorers of the table, with commas between; all without it', namesAmong(possible))
  .parse();

run(program.opts<Options>()).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
