import * as ood from 'tfjs-ood';
import * as datasets from 'tfjs-ood/datasets';
import { embed } from 'tfjs-ood/detector';
import * as embeddings from 'tfjs-ood/embeddings';
import * as metrics from 'tfjs-ood/metrics';
import { writeAnimations } from 'tfjs-ood/node';
import { htmlReport, reportFigures, type Animation, type Report } from 'tfjs-ood/report';
import * as training from 'tfjs-ood/training';
import { temporaryFolder } from '../node/temporary-folder';
import { pairwiseLoss, smallModel } from '../training/small-model';
import { classes } from './measuring';
import { given, images, imageSet, LABELS, SCORES, type Place, type Places, type Thing } from './wrong-things';

const y = LABELS;
const anyRows = {
  right: given,
  same: ['{ data, shape }', '{ data, dims }', 'a tensor of rows', 'a tensor of int32 [4, 2]'],
} satisfies Partial<Place>;
/** Rows of other widths, and numbers of other sorts, are rows too. */
const OTHER_ROWS = ['a tensor of labels [4, 1]'] as const satisfies readonly Thing[];

const labeled = (name: string, call: (rows: never, labels: never) => unknown): Places => ({
  [`${name}.embeddings`]: { call: (v) => call(v, y as never), ...anyRows, other: OTHER_ROWS },
  [`${name}.labels`]: { call: (v) => call(given as never, v), ...classes },
});

const means = new embeddings.ClassMeans();
const scatter = new embeddings.ClassScatter();
await means.add(given, y);
await scatter.add(given, y);

const stored = async (store: embeddings.ClassMeans | embeddings.ClassScatter, rows: never, labels: never) => {
  await store.add(rows, labels);
  return store.means();
};

/** Embeddings and their quality. */
const ofEmbeddings: Places = {
  ...labeled('ClassMeans.add', (x, labels) => stored(new embeddings.ClassMeans(), x, labels)),
  'ClassMeans.merge.other': { call: (v) => new embeddings.ClassMeans().merge(v), right: means },
  'ClassMeans.from.state': { call: embeddings.ClassMeans.from, right: means.state() },
  ...labeled('ClassScatter.add', (x, labels) => stored(new embeddings.ClassScatter(), x, labels)),
  'ClassScatter.merge.other': { call: (v) => new embeddings.ClassScatter().merge(v), right: scatter },
  'ClassScatter.from.state': { call: (v) => embeddings.ClassScatter.from(v), right: scatter.state() },
  'estimateCovariance.scatter': { call: (v) => embeddings.estimateCovariance(v, 'oas'), right: scatter.within() },
  'estimateCovariance.estimator': {
    call: (v) => embeddings.estimateCovariance(scatter.within(), v),
    right: 'oas',
  },
  ...labeled('distanceRatio', embeddings.distanceRatio),
  ...labeled('silhouette', embeddings.silhouette),
  ...labeled('nearestMeanAccuracy', (x, labels) =>
    embeddings.nearestMeanAccuracy({ classify: () => Promise.resolve({ labels: y }) }, x, labels),
  ),
  'nearestMeanAccuracy.source': { call: (v) => embeddings.nearestMeanAccuracy(v, given, y), right: means },
  ...labeled('recallAtK', (x, labels) => embeddings.recallAtK(x, labels, [1])),
  'recallAtK.ks': { call: (v) => embeddings.recallAtK(given, y, v), right: [1] },
  'recallAtK.options.reference.embeddings': {
    call: (v) => embeddings.recallAtK(given, y, [1], { reference: { embeddings: v, labels: y } }),
    ...anyRows,
    what: 'reference.embeddings',
  },
  'recallAtK.options.reference.labels': {
    call: (v) => embeddings.recallAtK(given, y, [1], { reference: { embeddings: given, labels: v } }),
    ...classes,
    what: 'reference.labels',
  },
};

const trainer = () => training.createTrainer(smallModel(), { loss: pairwiseLoss, seed: 1 });
const state = await trainer().state();
/** A fresh trainer, and no tensor of it afterwards. */
async function withTrainer<T>(use: (trainer: training.Trainer) => T): Promise<Awaited<T>> {
  const model = smallModel();
  const own = training.createTrainer(model, { loss: pairwiseLoss, seed: 1 });
  try {
    return await use(own);
  } finally {
    own.dispose();
    model.dispose();
  }
}
const model = smallModel();
const step = (given: never, labels: never) => withTrainer(async (own) => (await own.step(given, labels, 0)).loss);
const batches = () => ood.odmBatches(y, { seed: 1, batchSize: 2, outEvery: 0 });
const fitted = async (change: object, by: unknown) => {
  const options = { set: imageSet, batches: batches(), epochs: 1, ...change };
  await training.fit(by as training.Trainer, options);
};

/** Training and images. */
const ofImages: Places = {
  'gatherImages.set': {
    call: (v) => training.gatherImages(v, [0]),
    right: imageSet,
    same: ['{ images, shape }'],
    what: '',
  },
  'gatherImages.indices': {
    call: (v) => training.gatherImages(imageSet, v),
    right: y,
    same: ['an array of labels', 'an Int32Array of labels'],
    other: ['no element'],
  },
  'Trainer.step.images': { call: (v) => step(v, y as never), right: images, same: ['a tensor of images'], what: '' },
  'Trainer.step.images.set': {
    call: (v) => step({ set: v, indices: y } as never, y as never),
    right: imageSet,
    same: ['{ images, shape }'],
    what: '',
    where: 'Trainer.step',
  },
  'Trainer.step.images.indices': {
    call: (v) => step({ set: imageSet, indices: v } as never, y as never),
    right: y,
    same: ['an array of labels', 'an Int32Array of labels'],
    what: '',
    where: 'Trainer.step',
  },
  'Trainer.step.labels': { call: (v) => step(images as never, v), ...classes },
  'Trainer.restore.state': { call: (v) => withTrainer((own) => own.restore(v)), right: state },
  'createTrainer.model': {
    call: (v) => training.createTrainer(v, { loss: pairwiseLoss, seed: 1 }).steps,
    right: smallModel(),
  },
  'fit.trainer': { call: (v) => fitted({}, v), right: trainer() },
  'fit.options.set': {
    call: (v) => withTrainer((own) => fitted({ set: v }, own)),
    right: imageSet,
    same: ['{ images, shape }'],
    what: 'set',
    also: /^(images|shape)/,
  },
  'fit.options.batches': {
    call: (v) => withTrainer((own) => fitted({ batches: v }, own)),
    right: batches(),
    what: 'batches',
  },
  'estimateTrainingBytes.model': { call: (v) => training.estimateTrainingBytes(v, 8), right: smallModel() },
  'estimateTrainingBytes.partSize': {
    call: (v) => training.estimateTrainingBytes(model, v),
    right: 8,
    other: ['a number'],
  },
  'stepSchedule.boundaries': {
    call: (v) => training.stepSchedule(v)(1),
    right: { 2: 0.1 },
    other: ['no element', 'an object', 'an array of rows'],
    also: /^(epoch|factor)/,
  },
  'embed.images': {
    call: (v) => embed(model, v),
    right: images,
    same: ['a tensor of images', '{ images, shape }'],
    what: '',
  },
  'embed.model': { call: (v) => embed(v, images), right: smallModel() },
  'OdmBatches.restore.state': { call: (v) => batches().restore(v), right: batches().state() },
};

const set = { images: new Uint8Array(16), shape: [4, 2, 2, 1] as const, labels: Int32Array.from(y) };
const tensors = { a: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } };
const encoded = ood.encodeSafetensors(tensors as never, { note: 'x' });
const text = (value: string) => new TextEncoder().encode(value);
const idx = (...bytes: number[]) => Uint8Array.from([0, 0, 8, ...bytes]);
const ppm = Uint8Array.from([...text('P6 1 1 255\n'), 1, 2, 3]);
const cifar = new Uint8Array(3073);
const reads = (name: string, read: (bytes: Uint8Array) => unknown, right?: Uint8Array): Places => ({
  [`${name}.bytes`]: { call: read, right, ...(right ? {} : { fails: true }) },
});

/** Readers of bytes, and what is written. */
const ofBytes: Places = {
  'concatImages.sets': { call: (v) => datasets.concatImages(v), right: [set] },
  ...reads('readIdx', (v) => datasets.readIdx(v), idx(1, 0, 0, 0, 1, 7)),
  ...reads('readPpm', (v) => datasets.readPpm(v), ppm),
  'readTsinghua.text': { call: (v) => datasets.readTsinghua(v), right: '{"imgs":{}}' },
  'placesBeside.size': {
    call: (v) => datasets.placesBeside(v, [], { side: 2, count: 1, seed: 1 }),
    right: [9, 9],
  },
  'placesBeside.boxes': {
    call: (v) => datasets.placesBeside([9, 9], v, { side: 2, count: 1, seed: 1 }),
    right: [{ left: 1, top: 1, right: 2, bottom: 2 }],
    other: ['no element'],
  },
  ...reads('readCifar10', (v) => datasets.readCifar10(v), cifar),
  'readMnist.imageBytes': {
    call: (v) => datasets.readMnist(v, idx(1, 0, 0, 0, 1, 7)),
    right: idx(3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9),
    also: /^bytes/,
    from: 'readIdx',
  },
  'readMnist.labelBytes': {
    call: (v) => datasets.readMnist(idx(3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9), v),
    right: idx(1, 0, 0, 0, 1, 7),
    also: /^bytes/,
    from: 'readIdx',
  },
  ...reads('readCifar10Python', (v) => datasets.readCifar10Python(v)),
  ...reads('readSvhn', (v) => datasets.readSvhn(v)),
  'decodeSafetensors.bytes': { call: (v) => ood.decodeSafetensors(v), right: encoded },
  'encodeSafetensors.tensors': {
    call: (v) => ood.encodeSafetensors(v),
    right: tensors,
    other: ['an object'],
  },
  'encodeSafetensors.metadata': {
    call: (v) => ood.encodeSafetensors({}, v),
    right: { note: 'x' },
    other: ['undefined', 'an object'],
  },
};

const evaluation = metrics.evaluate({ in: SCORES, out: { svhn: SCORES } });
const report: Report = {
  title: 'A report',
  evaluation,
  known: { name: 'known', scores: SCORES, labels: y, nearest: y, embeddings: given, images: imageSet },
  out: [{ name: 'svhn', scores: SCORES, embeddings: given }],
};
const known = (change: object) => ({ ...report, known: { ...report.known, ...change } });
const encodeImage = () => Promise.resolve({ mime: 'image/png', bytes: new Uint8Array(1) });
const page = async (report: Report) => (await htmlReport(report, { encodeImage })).length > 0;
const animated = (rows: unknown, more = given): Animation['epochs'] =>
  [more, rows].map((known, epoch) => ({ epoch, embeddings: { known, svhn: given } as never }));
const place = temporaryFolder();
/** How many files; their names differ from call to call. */
const films = async (animation: Animation) => (await writeAnimations(place(), animation, { width: 100 })).length;
const animation = { name: 'ODM', known: 'known', epochs: animated(given) };
const reporting: Places = {
  'writeAnimations.animation': { call: films, right: animation },
  'writeAnimations.animation.epochs': {
    call: (v) => films({ ...animation, epochs: v }),
    right: animation.epochs,
    where: 'writeAnimations',
    what: 'animation.epochs',
  },
  'writeAnimations.animation.epochs[1].embeddings.known': {
    call: (v) => films({ ...animation, epochs: animated(v) }),
    right: given,
    same: ['{ data, shape }'],
    where: 'writeAnimations',
    what: 'animation.epochs[1].embeddings.known',
  },
  'htmlReport.report': { call: (v) => page(v), right: report, also: /^known/ },
  'reportFigures.report': { call: (v) => reportFigures(v), right: report, where: 'htmlReport', also: /^known/ },
  'htmlReport.report.evaluation': {
    call: (v) => page({ ...report, evaluation: v }),
    right: evaluation,
    where: 'htmlReport',
  },
  'htmlReport.report.known': { call: (v) => page({ ...report, known: v }), right: report.known, where: 'htmlReport' },
  'htmlReport.report.out': {
    call: (v) => page({ ...report, out: v }),
    right: report.out,
    other: ['no element'],
    where: 'htmlReport',
  },
  ...Object.fromEntries(
    (
      [
        [
          'scores',
          {
            right: SCORES,
            other: ['an array of labels', 'an Int32Array of labels', 'an array of scores', 'a Float64Array of scores'],
          },
        ],
        ['labels', { ...classes, other: ['undefined', 'null'] }],
        ['nearest', { ...classes, other: ['undefined', 'null'] }],
        ['embeddings', { right: given, other: ['undefined', 'null', '{ data, shape }'] }],
        ['images', { right: imageSet, other: ['undefined', 'null', '{ images, shape }'] }],
      ] as [string, Partial<Place> & { right: unknown }][]
    ).map(([part, place]) => [
      `htmlReport.report.known.${part}`,
      {
        call: (v: never) => page(known({ [part]: v })),
        ...place,
        where: 'htmlReport',
        what: `known.${part}`,
        also: /^known[.](labels|scores)/,
      },
    ]),
  ),
};

export const rowsAndFiles: Places = { ...ofEmbeddings, ...ofImages, ...ofBytes, ...reporting };
