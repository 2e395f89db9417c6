import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { ArgumentError, decodeSafetensors, ShapeError } from '../../../src/index';
import * as scorers from '../../../src/scorers/index';
import { expectSame, expectThat, type Target } from '../target';
import { fittedHead, rows, withHeaderLength } from './state-readers';

const METHODS: Readonly<Record<string, () => scorers.ScorerMethod>> = {
  mahalanobis: () => scorers.mahalanobis(),
  'class-gaussians': () => scorers.classGaussians(),
  'nearest-class-mean': () => scorers.nearestClassMean(),
  'nearest-neighbors': () => scorers.nearestNeighbors({ k: 2, bankSize: 20 }),
  'nn-guide': () => scorers.nnGuide({ k: 2 }),
  'kl-matching': () => scorers.klMatching(),
  she: () => scorers.she(),
  fdbd: () => scorers.fdbd(),
  react: () => scorers.react(),
  residual: () => scorers.residual({ dimension: 2 }),
  vim: () => scorers.vim({ dimension: 2, sampleSize: 10 }),
  energy: () => scorers.energy(),
  ensemble: () => scorers.ensemble([scorers.nearestClassMean(), scorers.msp()]),
};

/** Bytes of partial fits: what is read again is a whole part, or refused. */
export async function parts(): Promise<Target> {
  await tf.setBackend('cpu');
  const { head, ...block } = rows();
  const ids = Array.from({ length: 54 }, (_, row) => (row % 2 ? row : `row ${row}`));
  const seeds: Uint8Array[] = [];
  for (const method of Object.values(METHODS)) {
    const partial = await method().partial({ head, calibrationShare: 0.1 });
    await partial.add(block as never, { ids, shard: 'one' });
    seeds.push(partial.toBytes());
  }
  const names = [...Object.values(METHODS), scorers.msp].map((method) =>
    method().kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
  );
  return {
    where: [
      'decodeSafetensors',
      'ClassScatter.from',
      'ClassMeans.from',
      ...names.map((name) => `${name}.partialFrom`),
      ...names.map((name) => `${name}.partial.merge`),
    ],
    seeds,
    seal: withHeaderLength,
    limit: (bytes) => 200 * bytes.length + 8e6,
    async read(bytes) {
      const { kind = '' } = decodeSafetensors(bytes).metadata;
      const method = Object.hasOwn(METHODS, kind) ? METHODS[kind]!() : scorers.fdbd();
      let again: Uint8Array;
      try {
        again = (await method.partialFrom(bytes, { head: fittedHead })).toBytes();
      } catch (error) {
        // Whole, and of another fit: another method, head, width or option.
        const isOther = error instanceof ArgumentError || error instanceof ShapeError;
        if (isOther && /must be (one with|one of|a partial fit of)/.test(error.message)) return;
        throw error;
      }
      expectSame('written again', (await method.partialFrom(again, { head: fittedHead })).toBytes(), again);
      expectThat('no tensor is left', tf.memory().numTensors === 0);
    },
  };
}
