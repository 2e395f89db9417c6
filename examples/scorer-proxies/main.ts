import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { program } from 'commander';
import { compareScorers, scorerMethods, type DetectorModel, type ScorerComparison } from 'tfjs-ood/detector';
import { mahalanobis, residual, vim } from 'tfjs-ood/scorers';
import { loadModel } from '../graph-model/load-model';
import { toInput } from '../graph-model/to-input';
import { namesAmong, whole } from '../runner/arguments';
import { trainSmallClassifier } from '../runner/small-classifier';
import { agreement } from './agreement';
import { animals, digits, rooms, signs, type Known } from './data';

/**
 * How far stand-ins for the unknown (classes left out, images made) rank scorers as real unknowns do: on digits and
 * signs with networks that are trained for it, and on the moderation model of nsfwjs as it is.
 */
interface Options {
  data: string;
  sets: string[];
  seeds: number;
  rows: number;
}

const SETS = {
  digits: { load: digits, epochs: 3, most: Infinity },
  signs: { load: signs, epochs: 8, most: Infinity },
  'nsfwjs-rooms': { load: rooms, epochs: 0, most: 100 },
  'nsfwjs-classes': { load: animals, epochs: 0, most: 40 },
} as const;
type Name = keyof typeof SETS;

/** The scorers on one data set, by stand-ins and by real unknowns at once. */
async function compared(name: Name, known: Known, seed: number): Promise<ScorerComparison> {
  const strange = { ...known.novel, ...known.anomalies };
  const options = { proxies: true, seed, scorers: { 'mahalanobis, length': mahalanobis({ normalize: 'length' }) } };
  if (known.train) {
    const classes = Math.max(...known.train.labels) + 1;
    const model: DetectorModel = await trainSmallClassifier(known.train, { classes, epochs: SETS[name].epochs, seed });
    const result = await compareScorers(model, known.known, { ...options, strange });
    model.dispose();
    return result;
  }
  const model = await loadModel();
  // Not more directions than there are rows
  const scorers = { ...options.scorers, vim: vim({ dimension: 50 }), residual: residual({ dimension: 50 }) };
  // Eigenvectors of 1,280 features take long, and here they would be for each class that is left out, too.
  const tooLong = name === 'nsfwjs-classes' ? ['vim', 'residual'] : [];
  const only = [...Object.keys(scorerMethods), ...Object.keys(scorers)].filter(
    (one, i, names) => names.indexOf(one) === i && !tooLong.includes(one),
  );
  const tensors = Object.entries(strange).map(([set, images]) => [set, toInput(images)] as const);
  const images = toInput(known.known);
  const { labels } = known.known;
  const result = await compareScorers(
    model,
    { images, labels },
    { ...options, scorers, only, strange: Object.fromEntries(tensors), blockSize: 16 },
  );
  tf.dispose([images, tensors.map(([, one]) => one)]);
  model.dispose();
  return result;
}

/** Mean over the seeds, and the worst where there are several. */
const shown = (values: readonly number[], digits: number): string =>
  (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(digits);

async function run({ data, sets, seeds, rows }: Options): Promise<void> {
  await tf.setBackend('wasm');
  console.log(
    '| model and data | stand-in | rank, novel | regret, novel | rank, other things | regret, other things |',
  );
  console.log('| --- | --- | ---: | ---: | ---: | ---: |');
  for (const name of sets as Name[]) {
    const count = Math.min(rows, SETS[name].most); // a large model, images of 224 x 224
    const byProxy = new Map<string, Record<'novel' | 'anomalies', { rank: number; regret: number }[]>>();
    for (let seed = 1; seed <= seeds; seed++) {
      const start = performance.now();
      const known = await SETS[name].load(data, count, 10 * seed);
      const result = await compared(name, known, seed);
      const proxies = result.sets.filter(({ isProxy }) => isProxy).map((set) => set.name);
      const made = proxies.filter((proxy) => proxy.startsWith('made: '));
      const groups = [
        ...proxies.map((proxy) => [proxy, [proxy]] as const),
        ['mean of what is made', made] as const,
        ...(made.length < proxies.length ? [['mean of all', proxies] as const] : []),
      ];
      for (const [proxy, own] of groups) {
        const lines = byProxy.get(proxy) ?? { novel: [], anomalies: [] };
        byProxy.set(proxy, lines);
        for (const kind of ['novel', 'anomalies'] as const) {
          const real = Object.keys(known[kind]);
          if (real.length > 0) lines[kind].push(agreement(result, own, real));
        }
      }
      const table = result.scorers.map(({ name: scorer, sets: own }) =>
        [scorer, ...Object.entries(own).map(([set, { auroc }]) => `${set} ${auroc.toFixed(3)}`)].join(', '),
      );
      console.error(`${name}, seed ${seed}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
      console.error([...table, ...result.leftOut.map((one) => `${one.name}: ${one.reason}`), ''].join('\n'));
    }
    for (const [proxy, { novel, anomalies }] of byProxy) {
      const cells = [novel, anomalies].flatMap((list) =>
        list.length === 0
          ? ['', '']
          : [
              shown(
                list.map(({ rank }) => rank),
                2,
              ),
              shown(
                list.map(({ regret }) => regret),
                3,
              ),
            ],
      );
      console.log(`| ${name} | ${proxy} | ${cells.join(' | ')} |`);
    }
  }
}

program
  .name('npm run example:proxies --')
  .description('How far stand-ins for the unknown rank scorers as real unknowns do.')
  .requiredOption('--data <folder>', 'folder with mnist/, fashion-mnist/, gtsrb/, rooms/, tiny_imagenet/ and CIFAR-10')
  .option('--sets <names>', 'which, with commas between', namesAmong(Object.keys(SETS)), Object.keys(SETS))
  .option('--seeds <count>', 'trainings and draws', whole, 3)
  .option('--rows <count>', 'images of each set', whole, 500)
  .parse();

run(program.opts<Options>()).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
