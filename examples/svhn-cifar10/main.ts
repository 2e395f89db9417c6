import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import cliProgress from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openRunFolder, writeReport } from 'tfjs-ood/node';
import { OodError } from 'tfjs-ood';
import { checkConfig, flagOf, presets, type Config, type PresetName, type RealSet } from './config';
import { hasRealData, loadData, makeFolder } from './data';
import { downloadAll, officialFiles } from './download';
import { evaluate, resultsTable, scoresCsv, type Results } from './evaluate';
import { readHistory, trackedImages } from './history';
import { reportOf } from './report';
import { train } from './train';

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
};
const onOff = (text: string): boolean => {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('Expected on or off.');
  return text === 'on';
};
const epochList = (text: string): number[] => (text === '' ? [] : text.split(',').map(number));

const DESCRIPTIONS: Record<Exclude<keyof Config, 'data' | 'in' | 'seen'>, string> = {
  seed: 'seed of everything random',
  backend: 'wasm or cpu',
  width: 'width of the network; 1 has 64 to 512 channels',
  embeddingSize: 'numbers in an embedding',
  batchNorm: 'batch normalisation, on or off',
  dropout: 'dropout rate of the two dense layers',
  loss: 'odm, or contrastive: no OoD images in training',
  pairs: 'halves (left half against right half) or all',
  power: '1: distances, 2: squared distances in the loss',
  margin: 'distance beyond which a negative pair costs nothing',
  positiveShare: 'share of the positive pairs in the loss of all pairs',
  batchSize: 'images in a batch',
  partSize: 'images that go through the network at once',
  outShare: 'share of OoD images in a batch that has some',
  outEvery: 'every how many batches one has OoD images',
  similarRatio: 'share of positive pairs in a batch',
  learningRate: "Adam's learning rate",
  weightDecay: 'weight decay, biases too',
  decayAfter: 'epochs after which the learning rate falls to a tenth, e.g. 150,2250',
  epochs: 'epochs',
  stepsPerEpoch: 'batches in an epoch; 0: all known images once',
  checkpointEvery: 'epochs between checkpoints',
  evaluateAtMost: 'most images of a set that are evaluated; 0: all',
  noiseImages: 'images of Gaussian noise in the test',
  trackedImages: 'test images whose embedding the report shows after each epoch; 0: none',
};

interface Flags extends Partial<Config> {
  data?: never;
}

function commandLine() {
  const program = new Command('npm run experiment --')
    .description(
      'Trains an embedding by contrastive loss with out-of-distribution mining (Masana et al., BMVC 2018) and\n' +
        'measures how well the distance to the nearest class mean tells unknown images from known ones.',
    )
    .option('--data <folder>', 'folder with cifar-10-batches-bin, svhn, ... (default: ./data if it is there)')
    .option('--download', 'fetch CIFAR-10 and SVHN into the data folder first (0.4 GB)')
    .option('--in <set>', 'the known classes: cifar10 or svhn')
    .option('--seen <set>', 'the OoD images seen in training: svhn or cifar10')
    .addOption(new Option('--preset <name>', 'paper, quick or drawn').choices(Object.keys(presets)))
    .option('--out <folder>', 'output folder (default: runs/<in>-<seen>-<preset>-<seed>)')
    .showHelpAfterError('(--help lists the options)');
  for (const [key, description] of Object.entries(DESCRIPTIONS)) {
    const value = presets.paper[key as keyof Config];
    const parse = { number, boolean: onOff, object: epochList, string: String }[typeof value as 'number'];
    program.option(`--${flagOf(key)} <value>`, description, parse as (text: string) => unknown as never);
  }
  program.parse();
  const { data, download, preset, out, ...flags } = program.opts<
    Omit<Flags, 'data'> & { data?: string; download?: boolean; preset?: PresetName; out?: string }
  >();
  return { folder: data, download: download ?? false, preset, out, flags };
}

/** A bar on a terminal; a line every ten seconds elsewhere (logs). */
function progressBar(title: string, total: number) {
  const bar = new cliProgress.SingleBar({
    format: `${title} {bar} {percentage}% | {value}/{total} images | {rate} images/s | {eta_formatted} left {note}`,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    etaBuffer: 50,
  });
  const start = performance.now();
  bar.start(total, 0, { rate: '-', note: '' });
  let first: number | undefined;
  return {
    update(done: number, note = '') {
      first ??= done;
      const seconds = (performance.now() - start) / 1000;
      bar.update(done, { rate: ((done - first) / seconds).toFixed(0), note });
    },
    stop: () => bar.stop(),
  };
}

/** Images of the run: those asked for, those in ./data, or drawn ones, which is said. */
async function chooseData(folder: string | undefined, flags: Partial<Config>, preset: PresetName | undefined) {
  const data = folder ?? 'data';
  const sets = [flags.in ?? 'cifar10', flags.seen ?? 'svhn'] as RealSet[];
  const asked = folder !== undefined || flags.in !== undefined || flags.seen !== undefined;
  if (preset !== 'drawn' && (asked || (await hasRealData(data, sets)))) {
    return { data, config: checkConfig({ ...presets[preset ?? 'quick'], ...flags }) };
  }
  console.log(
    'No --data and no ./data: this run draws its own small images from the seed (digits known, textured shapes seen).',
  );
  return { data: undefined, config: checkConfig({ ...presets.drawn, ...flags }) };
}

async function main(): Promise<void> {
  const { folder, download, preset, out, flags } = commandLine();
  if (download) {
    const target = folder ?? 'data';
    await makeFolder(target);
    let bar: cliProgress.SingleBar | undefined;
    let current: string | undefined;
    await downloadAll(target, officialFiles, (file, received, total) => {
      if (file !== current) {
        bar?.stop();
        bar = new cliProgress.SingleBar({
          format: `${file} {bar} {percentage}% | {value}/{total} bytes | {eta_formatted}`,
        });
        bar.start(total ?? 0, received);
        current = file;
      }
      bar?.update(received);
    });
    bar?.stop();
  }
  const { data: dataFolder, config } = await chooseData(folder, flags, preset);
  const name = preset ?? (config.data === 'drawn' ? 'drawn' : 'quick');
  const path = out ?? join('runs', `${config.in}-${config.seen}-${name}-${config.seed}`);
  const run = await openRunFolder(path, { ...config });
  try {
    const finished = await run.readJson<Results>('metrics.json');
    if (finished) {
      console.log(`${path} is finished; another --out or --seed starts a new run.\n\n${resultsTable(finished)}`);
      return;
    }
    if (!(await setBackend(config.backend))) throw new Error(`The backend ${config.backend} did not start.`);
    const data = await loadData(config, dataFolder);
    console.log(
      `Known: ${data.known.name} (${data.known.train.shape[0]} images). Seen OoD: ${config.seen} ` +
        `(${data.seenTrain.shape[0]}). Tested against: ${data.out.map((set) => set.name).join(', ')}.\nOutput: ${path}`,
    );

    let bar: ReturnType<typeof progressBar> | undefined;
    const tracked = trackedImages(config, data);
    const model = await train(config, data, run, tracked, ({ epoch, step, stepsPerEpoch, loss }) => {
      bar ??= progressBar('Training  ', config.epochs * stepsPerEpoch * config.batchSize);
      bar.update(
        (epoch * stepsPerEpoch + step + 1) * config.batchSize,
        `| epoch ${epoch + 1}, loss ${loss.toFixed(3)}`,
      );
    });
    bar?.stop();

    bar = undefined;
    const { results, scores } = await evaluate(config, data, model, (done, total) => {
      bar ??= progressBar('Evaluating', total);
      bar.update(done);
    });
    (bar as ReturnType<typeof progressBar> | undefined)?.stop();

    await run.writeBytes('scores.csv', new TextEncoder().encode(scoresCsv(scores)));
    const history = tracked && (await readHistory(config, run, tracked));
    const [page] = await writeReport(path, reportOf(config, results, scores, history));
    await run.writeJson('metrics.json', results); // last: its presence says that the run is finished
    console.log(
      `\n${resultsTable(results)}\n\n${path}/metrics.json, scores.csv, epochs.jsonl, figures\nReport: ${page}`,
    );
  } finally {
    await run.close();
  }
}

main().catch((error: unknown) => {
  // Our own errors say what to do; a stack would hide it.
  console.error(error instanceof OodError ? error.message : error);
  process.exitCode = 1;
});
