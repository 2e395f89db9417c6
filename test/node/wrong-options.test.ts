import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import * as datasets from 'tfjs-ood/datasets';
import * as node from 'tfjs-ood/node';
import * as report from 'tfjs-ood/report';
import * as training from 'tfjs-ood/training';
import { smallModel } from '../training/small-model';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const model = smallModel();
const bytes = new Uint8Array(4);
const made = { evaluation: { sets: {} }, known: { name: 'known', scores: [1] }, out: [], title: '' };
let run: node.RunFolder;
beforeAll(async () => void (run = await node.openRunFolder(place(), { seed: 1 })));
afterAll(() => run.close());

type Rules = Readonly<Record<string, readonly [expected: string, ...wrong: unknown[]]>>;
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

const reader = { file: TEXT };
const packed = { ...reader, inflate: FUNCTION };
const shown = { points: INDEX, images: INDEX, mistakes: INDEX, umap: FLAG, seed: INTEGER, encodeImage: FUNCTION };

interface Row {
  call: (...given: never[]) => unknown;
  before?: readonly unknown[];
  /** Options without which the others are not looked at, or which must be given. */
  needed?: Readonly<Record<string, unknown>>;
  rules: Rules;
  /** A slip, and the name that it is nearest to. */
  slip: readonly [string, string];
  /** What errors call the function, where that is not its name. */
  where?: string;
}

const functions: Readonly<Record<string, Row>> = {
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
  writeReport: {
    call: node.writeReport,
    before: ['none', made],
    rules: { ...shown, figures: FLAG, width: POSITIVE },
    slip: ['figure', 'figures'],
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

/** What a call complains of. */
async function complaint({ call, before = [] }: Row, options: unknown): Promise<ArgumentError['details'] | undefined> {
  try {
    await call(...([...before, options] as never[]));
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as ArgumentError).details;
  }
  return undefined;
}

describe.each(Object.entries(functions))('%s', (name, row) => {
  const { needed = {}, rules, slip, where = name } = row;
  test('an option that there is not is refused, and the nearest named', async () => {
    const [wrong, near] = slip;
    const details = await complaint(row, { ...needed, [wrong]: 1 });
    expect(details).toMatchObject({ where, what: 'options', expected: `without ${wrong} (${near}?)` });
  });
  test.each([5, null, 'text', true])('options are no %s', async (options) => {
    const details = await complaint(row, options);
    expect(details).toEqual({ where, what: 'options', expected: 'an object', received: String(options) });
  });
  test.each(Object.entries(rules))('%s is by its rule', async (what, [expected, ...wrong]) => {
    for (const value of wrong) {
      expect(await complaint(row, { ...needed, [what]: value })).toMatchObject({ where, what, expected });
    }
  });
  test('what must be given is', async () => {
    for (const what of Object.keys(needed)) {
      const others = Object.fromEntries(Object.entries(needed).filter(([other]) => other !== what));
      expect(await complaint(row, others)).toMatchObject({ where, what, received: 'undefined' });
    }
  });
});

test('no function with options is left out', () => {
  const without = [
    ...['gatherImages', 'stepSchedule', 'estimateTrainingBytes'],
    ...['concatImages', 'InflateLimitError', 'streamInflate'],
    ...['DownloadError', 'StorageError', 'loadCifar10', 'loadSvhn', 'nodeInflate', 'openRunFolder', 'writeFileAtomic'],
    ...['detectorFile', 'modelFolder'],
  ];
  const exported = Object.keys({ ...training, ...datasets, ...node, ...report });
  const listed = [...Object.keys(functions).filter((name) => !name.includes('.')), ...without];
  expect(exported.sort()).toEqual(listed.sort());
});

describe('a run folder', () => {
  test.each([undefined, 5, NaN, null, 'text', [1], new Date(0), () => 1])('appends no line of %s', async (record) => {
    await expect(run.appendLine('lines.jsonl', record as object)).rejects.toThrow(ArgumentError);
    await expect(run.appendLine('lines.jsonl', record as object)).rejects.toThrow(
      'RunFolder.appendLine: record must be',
    );
    expect(await run.readJson('lines.jsonl')).toBeUndefined();
  });
  test('nor one of a cycle, and writes no JSON of nothing', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    await expect(run.appendLine('lines.jsonl', cycle)).rejects.toThrow('record must be a value that JSON can hold');
    await expect(run.writeJson('value.json', undefined)).rejects.toThrow(
      'RunFolder.writeJson: value must be a value that JSON can hold, got undefined',
    );
    expect(await run.readJson('value.json')).toBeUndefined();
  });
  test('takes names, bytes and functions only', async () => {
    for (const file of [undefined, 5, '', '/etc/passwd', 'a/../../b']) {
      await expect(run.writeJson(file as string, 1)).rejects.toThrow('file must be a name below the folder');
    }
    const text = 'text' as unknown as Uint8Array;
    await expect(run.writeBytes('a', text)).rejects.toThrow('RunFolder.writeBytes: bytes must be a Uint8Array');
    await expect(run.saveCheckpoint(text, { epoch: 1 })).rejects.toThrow('saveCheckpoint: bytes must be a Uint8Array');
    await expect(run.truncateLines('a', 5 as never)).rejects.toThrow('keep must be a function');
  });
  test.each([undefined, null, 5, [1]])('is not opened with %s for a configuration', async (config) => {
    await expect(node.openRunFolder(place(), config as never)).rejects.toThrow(
      'openRunFolder: config must be an object',
    );
  });
});
