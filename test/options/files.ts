import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as datasets from 'tfjs-ood/datasets';
import * as node from 'tfjs-ood/node';
import * as report from 'tfjs-ood/report';
import * as training from 'tfjs-ood/training';
import { smallModel } from '../training/small-model';
import type { Rows } from './row';

const model = smallModel();
const bytes = new Uint8Array(4);
const made = { evaluation: { sets: {} }, known: { name: 'known', scores: [1] }, out: [], title: '' };
/** Where a run folder is open meanwhile. */
export const folder = mkdtempSync(join(tmpdir(), 'tfjs-ood-options-'));
export const run = await node.openRunFolder(join(folder, 'run'), { seed: 1 });

const COUNT = ['a whole number from 1', 0, 1.5, NaN, '3', null, [2]] as const;
const INDEX = ['a whole number from 0', -1, 0.5, Infinity, '3', null] as const;
const INTEGER = ['a whole number', 0.5, NaN, '7', null, 2 ** 53] as const;
const POSITIVE = ['a number above 0', 0, -1, NaN, Infinity, '1', null] as const;
const NOT_NEGATIVE = ['a number from 0', -1e-9, NaN, Infinity, '1', null] as const;
const SHARE = ['a share from 0, below 1', -0.1, 1, NaN, '0', null] as const;
const FLAG = ['true or false', 1, 'yes', null] as const;
const FUNCTION = ['a function', 1, 'f', {}, null] as const;
const OBJECT = ['an object', 1, 'o', [], null] as const;
const TEXT = ['a string', 1, {}, null] as const;
const SIZE = [
  'a list of 2, each a whole number from 1 to 4096',
  [0, 5],
  [5, 4097],
  [5],
  [5, 5, 5],
  5,
  ['5', 5],
] as const;
const LABELS = (...words: string[]) => [`one of ${words.join(', ')}`, 'medium', 1, null] as const;

const picture = {
  size: SIZE,
  fit: LABELS('fill', 'cover'),
  kernel: LABELS('cubic', 'linear'),
  channels: ['one of 1, 3', 2, '3', null],
  orient: FLAG,
  maxPixels: ['a whole number from 1 to 134217728', 0, 1.5, 134_217_729, '3', null],
} as const;
const reader = { file: TEXT };
const packed = { ...reader, inflate: FUNCTION };
const shown = { points: INDEX, images: INDEX, mistakes: INDEX, umap: FLAG, seed: INTEGER, encodeImage: FUNCTION };

/** Files, readers, training and reports; of each option its rule too. */
export const files: Rows = {
  createTrainer: {
    call: training.createTrainer,
    before: [model],
    needed: { loss: () => 0, seed: 1 },
    rules: {
      loss: FUNCTION,
      seed: INTEGER,
      learningRate: NOT_NEGATIVE,
      schedule: FUNCTION,
      weightDecay: NOT_NEGATIVE,
      beta1: SHARE,
      beta2: SHARE,
      epsilon: POSITIVE,
      augment: FUNCTION,
      partSize: COUNT,
      stepsAhead: INDEX,
    },
    slip: ['learningrate', 'learningRate'],
  },
  vgg: {
    call: training.vgg,
    needed: { seed: 1 },
    rules: {
      seed: INTEGER,
      inputShape: ['a list of 3, each a whole number from 1', [32, 32], [32, 32, 0], 32, '32,32,3', null],
      width: POSITIVE,
      denseSizes: ['a list of 2, each a whole number from 1', [512], [1, 2, 3], [1.5, 2], null],
      embeddingSize: COUNT,
      batchNorm: FLAG,
      dropout: SHARE,
    },
    slip: ['dropOut', 'dropout'],
  },
  batchNormLayer: {
    call: training.batchNormLayer,
    rules: { momentum: SHARE, epsilon: POSITIVE },
    slip: ['momentun', 'momentum'],
  },
  ClosedFormBatchNorm: {
    call: (args: never) => new training.ClosedFormBatchNorm(args),
    rules: { momentum: SHARE, epsilon: POSITIVE },
    slip: ['eps', 'epsilon'],
    where: 'batchNormLayer',
  },
  SeededDropout: {
    call: (args: never) => new training.SeededDropout(args),
    needed: { rate: 0.1, seed: 1 },
    rules: { rate: SHARE, seed: INTEGER },
    slip: ['ratio', 'rate'],
  },
  fit: {
    call: training.fit,
    before: [{}],
    needed: { set: {}, batches: {}, epochs: 1 },
    rules: { set: OBJECT, batches: OBJECT, epochs: INDEX, onStep: FUNCTION, onEpoch: FUNCTION, signal: OBJECT },
    slip: ['epoch', 'epochs'],
  },
  readCifar10: {
    call: datasets.readCifar10,
    before: [bytes],
    rules: { ...reader, labels: LABELS('coarse', 'fine') },
    slip: ['label', 'labels'],
  },
  readCifar10Python: {
    call: datasets.readCifar10Python,
    before: [bytes],
    rules: { ...reader, labels: LABELS('coarse', 'fine') },
    slip: ['fileName', 'file'],
  },
  readIdx: { call: datasets.readIdx, before: [bytes], rules: packed, slip: ['inflat', 'inflate'] },
  readMnist: {
    call: datasets.readMnist,
    before: [bytes, bytes],
    rules: { ...packed, classes: COUNT },
    slip: ['class', 'classes'],
  },
  readSvhn: { call: datasets.readSvhn, before: [bytes], rules: packed, slip: ['Inflate', 'inflate'] },
  placesBeside: {
    call: datasets.placesBeside,
    before: [[9, 9], []],
    needed: { side: 2, count: 1, seed: 1 },
    rules: { side: COUNT, count: COUNT, seed: INTEGER, margin: NOT_NEGATIVE },
    slip: ['sides', 'side'],
  },
  readTsinghua: { call: datasets.readTsinghua, before: ['{"imgs":{}}'], rules: reader, slip: ['name', 'file'] },
  cutPicture: {
    call: node.cutPicture,
    before: ['none', []],
    needed: { size: [2, 2] },
    rules: { size: SIZE, kernel: LABELS('cubic', 'linear') },
    slip: ['sizes', 'size'],
  },
  loadTsinghua: {
    call: node.loadTsinghua,
    before: ['none'],
    rules: {
      side: ['a whole number from 1 to 512', 0, 513, 1.5, '3', null],
      leastSigns: COUNT,
      leastSide: COUNT,
      patches: INDEX,
      seed: INTEGER,
      onProgress: FUNCTION,
    },
    slip: ['leastSign', 'leastSigns'],
  },
  readPpm: { call: datasets.readPpm, before: [bytes], rules: reader, slip: ['name', 'file'] },
  download: {
    call: node.download,
    before: ['http://127.0.0.1:9/none', 'none'],
    rules: {
      bytes: INDEX,
      sha256: ['64 hexadecimal digits', 'ab', 'g'.repeat(64), 5, null],
      md5: ['32 hexadecimal digits', 'a'.repeat(33), null],
      onProgress: FUNCTION,
      signal: OBJECT,
      stallTimeoutMs: POSITIVE,
      retries: INDEX,
    },
    slip: ['retry', 'retries'],
  },
  extractTarGz: {
    call: node.extractTarGz,
    before: ['none.tar.gz', 'none'],
    rules: { limit: INDEX, entryLimit: INDEX, overwrite: FLAG },
    slip: ['overWrite', 'overwrite'],
  },
  loadCifar100: {
    call: node.loadCifar100,
    before: ['none'],
    rules: { labels: LABELS('coarse', 'fine') },
    slip: ['label', 'labels'],
  },
  loadGtsrb: {
    call: node.loadGtsrb,
    before: ['none'],
    rules: { side: ['a whole number from 1 to 512', 0, 513, '32', null] },
    slip: ['size', 'side'],
  },
  loadMnist: {
    call: node.loadMnist,
    before: ['none'],
    rules: { split: TEXT, classes: COUNT },
    slip: ['splits', 'split'],
  },
  readClassFolders: {
    call: node.readClassFolders,
    before: ['none'],
    rules: { size: SIZE, resize: FLAG, skipBad: FLAG, flat: FLAG },
    slip: ['skipbad', 'skipBad'],
  },
  readImageList: {
    call: node.readImageList,
    before: ['none'],
    rules: { size: SIZE, kernel: LABELS('cubic', 'linear'), limit: COUNT, onProgress: FUNCTION },
    slip: ['onprogress', 'onProgress'],
  },
  readPictures: {
    call: node.readPictures,
    before: [['none']],
    rules: { ...picture, limit: COUNT, onProgress: FUNCTION },
    slip: ['sizes', 'size'],
  },
  pictureBlocks: {
    call: node.pictureBlocks,
    before: [['none']],
    rules: { ...picture, blockSize: COUNT, labels: ['a list', 1, 'a', {}, null] },
    slip: ['blocksize', 'blockSize'],
  },
  writeReport: {
    call: node.writeReport,
    before: ['none', made],
    rules: { ...shown, figures: FLAG, width: POSITIVE },
    slip: ['figure', 'figures'],
  },
  writeAnimations: {
    call: node.writeAnimations,
    before: ['none', { name: 'a', known: 'b', epochs: [] }],
    rules: { width: ['a whole number from 100 to 2000', 99, 2001, 200.5, NaN, '200', null] },
    slip: ['witdh', 'width'],
  },
  htmlReport: { call: report.htmlReport, before: [made], rules: shown, slip: ['mistake', 'mistakes'] },
  reportFigures: {
    call: report.reportFigures,
    before: [made],
    rules: { ...shown, width: POSITIVE },
    slip: ['witdh', 'width'],
  },
  'RunFolder.saveCheckpoint': {
    call: (progress: never) => run.saveCheckpoint(bytes, progress),
    needed: { epoch: 1 },
    rules: { epoch: INDEX },
    slip: ['epochs', 'epoch'],
  },
};
