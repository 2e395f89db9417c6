import { tmpdir } from 'node:os';
import { scorerMethods } from 'tfjs-ood/detector';
import * as jobs from 'tfjs-ood/jobs';
import { mahalanobis } from 'tfjs-ood/scorers';
import type { Rows } from './row';

const queue = { addBulk: () => Promise.resolve() };
const store = { get: () => Promise.resolve(undefined), put: () => Promise.resolve() };
const COUNT = ['a whole number from 1', 0, 1.5, NaN, '3', null] as const;
const HEAD = ['an object', 1, [], null] as const;

const worker = { queue, store, roots: { all: tmpdir() } };
const rules = {
  queue: ['a Queue of bullmq', {}, 'fit', null],
  store: ['a store with get and put, such as folderStore(folder)', {}, 'runs', { get: () => undefined }, null],
  roots: ['folders by name, at least one', {}, '/data', { all: '' }, { all: 5 }, ['/data'], null],
  attempts: COUNT,
  fanOut: ['a whole number from 2 to 64', 1, 65, 2.5, '8', null],
  maxDataBytes: ['a whole number from 1024 to 1048576', 1023, 2 ** 20 + 1, '9', null],
} as const;

/** Processors of a queue's jobs. */
export const queued: Rows = {
  fitJob: {
    call: jobs.fitJob,
    needed: { ...worker, methods: { gaussian: mahalanobis() } },
    rules: {
      ...rules,
      head: HEAD,
      methods: [
        'methods by name, such as { bank: nearestNeighbors() }',
        {},
        mahalanobis(),
        { gaussian: mahalanobis },
        [mahalanobis()],
        null,
      ],
    },
    slip: ['method', 'methods'],
    runs: true,
  },
  scoreJob: {
    call: jobs.scoreJob,
    needed: { ...worker, methods: scorerMethods },
    rules: { ...rules, methods: ['methods by kind, such as scorerMethods', 'x', [scorerMethods], null] },
    slip: ['fanout', 'fanOut'],
    runs: true,
  },
  followRun: {
    call: jobs.followRun,
    before: [{ on: () => undefined, off: () => undefined }],
    needed: { run: 'november', onProgress: () => undefined },
    rules: {
      run: [
        'a name of at most 100 letters, digits, -, _ and ., that begins with a letter or digit',
        '../x',
        '',
        5,
        null,
      ],
      onProgress: ['a function', 1, {}, null],
    },
    slip: ['onprogress', 'onProgress'],
    runs: true,
  },
};
