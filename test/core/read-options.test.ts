import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { ANYTHING, COUNT, INTEGER, NOT_NEGATIVE, POSITIVE, required } from '../../src/core/check';
import { readOptions } from '../../src/core/read-options';

/** Options as the package's functions have them together. */
const TABLES = {
  contrastiveLoss: ['margin', 'power', 'pairs', 'positiveShare', 'miner', 'memory'],
  classAnchorLoss: ['magnitude', 'anchorWeight', 'margin'],
  energyBoundedLoss: ['inMargin', 'outMargin', 'weight'],
  ciderLoss: ['temperature', 'compactness', 'oodWeight', 'momentum'],
  odmBatches: ['seed', 'batchSize', 'outShare', 'outEvery', 'similarShare', 'stepsPerEpoch'],
  fitDetector: ['scorer', 'alpha', 'blockSize', 'calibrationShare', 'features', 'logits', 'pool', 'seed'],
  trainer: ['loss', 'learningRate', 'beta1', 'beta2', 'weightDecay', 'partSize', 'seed'],
  nearestNeighbors: ['k', 'use', 'normalize', 'bankSize', 'seed', 'blockSize'],
};

const call = (names: readonly string[], given: object | undefined) =>
  readOptions<Record<string, unknown>, Record<string, [typeof ANYTHING]>>(
    'somewhere',
    given as Record<string, unknown>,
    Object.fromEntries(names.map((name) => [name, [ANYTHING]])),
  );

test.each<[keyof typeof TABLES, typo: string, meant: string]>([
  ['fitDetector', 'aplha', 'alpha'],
  ['fitDetector', 'aplah', 'alpha'],
  ['fitDetector', 'Alpha', 'alpha'],
  ['fitDetector', 'blocksize', 'blockSize'],
  ['fitDetector', 'block_size', 'blockSize'],
  ['fitDetector', 'callibrationShare', 'calibrationShare'],
  ['fitDetector', 'feature', 'features'],
  ['contrastiveLoss', 'marign', 'margin'],
  ['classAnchorLoss', 'marign', 'margin'], // shares as many letters with the longer magnitude
  ['contrastiveLoss', 'pwoer', 'power'],
  ['contrastiveLoss', 'pair', 'pairs'],
  ['contrastiveLoss', 'pari', 'pairs'],
  ['contrastiveLoss', 'positive_share', 'positiveShare'],
  ['energyBoundedLoss', 'out_margin', 'outMargin'],
  ['energyBoundedLoss', 'wieght', 'weight'],
  ['ciderLoss', 'temprature', 'temperature'],
  ['ciderLoss', 'tempature', 'temperature'],
  ['ciderLoss', 'momentun', 'momentum'],
  ['odmBatches', 'batchsize', 'batchSize'],
  ['odmBatches', 'stepPerEpoch', 'stepsPerEpoch'],
  ['odmBatches', 'steps', 'stepsPerEpoch'],
  ['trainer', 'learning_rate', 'learningRate'],
  ['trainer', 'learnignRate', 'learningRate'],
  ['trainer', 'weight_decay', 'weightDecay'],
  ['trainer', 'sead', 'seed'],
  ['nearestNeighbors', 'bank_size', 'bankSize'],
  ['nearestNeighbors', 'normalise', 'normalize'],
])('%s: %s is taken for %s', (table, typo, meant) => {
  const asked = () => call(TABLES[table], { [typo]: 1 });
  expect(asked).toThrow(ArgumentError);
  expect(asked).toThrow(`somewhere: options must be without ${typo} (${meant}?), got { ${typo} }`);
});

const tables = fc.constantFrom(...Object.values(TABLES));

test('no known name is an error, whatever the others are', () => {
  fc.assert(
    fc.property(
      tables.chain((names) => fc.tuple(fc.constant(names), fc.subarray(names))),
      ([names, given]) => {
        const options = Object.fromEntries(given.map((name) => [name, name]));
        expect(call(names, options)).toEqual({
          ...Object.fromEntries(names.map((name) => [name, undefined])),
          ...options,
        });
      },
    ),
  );
});

test('every other name is an error that names a known one', () => {
  const names = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('toString', 'constructor', 'hasOwnProperty'));
  fc.assert(
    fc.property(tables, names, (known, other) => {
      fc.pre(!known.includes(other) && other !== '__proto__');
      let message = '';
      try {
        call(known, { [other]: undefined });
      } catch (error) {
        message = (error as Error).message;
      }
      expect(known.some((name) => message.includes(`without ${other} (${name}?)`))).toBe(true);
    }),
  );
});

describe('options', () => {
  interface Options {
    size: number;
    weight?: number;
    seed?: number;
  }
  const read = (given: Options | undefined) =>
    readOptions('somewhere', given, { size: [required(COUNT)], weight: [NOT_NEGATIVE, 0.5], seed: [INTEGER] });

  test('have their defaults where none or undefined is given', () => {
    expect(read({ size: 2 })).toEqual({ size: 2, weight: 0.5, seed: undefined });
    expect(read({ size: 2, weight: undefined } as unknown as Options)).toEqual({
      size: 2,
      weight: 0.5,
      seed: undefined,
    });
    expect(read({ size: 2, weight: 0, seed: 0 })).toEqual({ size: 2, weight: 0, seed: 0 });
    expectTypeOf(read({ size: 2 }).weight).toEqualTypeOf<number>();
    expectTypeOf(read({ size: 2 }).seed).toEqualTypeOf<number | undefined>();
  });

  test('keep their rules: null is no option left out', () => {
    expect(() => read({ size: 2, weight: -1 })).toThrow('somewhere: weight must be a number from 0, got -1');
    for (const name of ['size', 'weight', 'seed']) {
      expect(() => read({ size: 2, [name]: null })).toThrow(`somewhere: ${name} must be a`);
      expect(() => read({ size: 2, [name]: '2' })).toThrow(`somewhere: ${name} must be a`);
    }
  });

  test('that are required must be given', () => {
    for (const given of [undefined, {}, { size: undefined }, { weight: 1 }]) {
      expect(() => read(given as Options)).toThrow('somewhere: size must be a whole number from 1, got undefined');
    }
  });

  test('are an object, which may inherit', () => {
    for (const given of [null, 5, 'size', true, 5n]) {
      expect(() => read(given as unknown as Options)).toThrow('somewhere: options must be an object, got');
    }
    expect(read(Object.create({ size: 3 }) as Options).size).toBe(3);
    expect(() => read(Object.create({ sice: 3 }) as Options)).toThrow('without sice (size?)');
    expect(() => call(TABLES.ciderLoss, { momentum: 1, weight: 1 })).toThrow('without weight (oodWeight?)');
  });

  test('declared with a default, whose rule it must keep too', () => {
    expect(() => readOptions('somewhere', {}, { a: [POSITIVE, 0] })).toThrow('a must be a number above 0');
  });
});
