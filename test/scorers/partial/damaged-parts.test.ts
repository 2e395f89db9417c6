import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError } from 'tfjs-ood';
import * as scorers from 'tfjs-ood/scorers';
import type { ScorerMethod } from 'tfjs-ood/scorers';
import { damagedArrays, damagedJson } from '../../damage';
import { blockOf, head, partOf, rowsOf } from './parts';

await tf.setBackend('cpu');
const all = rowsOf(40);
const rows = Array.from({ length: 40 }, (_, row) => row);

const METHODS: Record<string, () => ScorerMethod> = {
  mahalanobis: () => scorers.mahalanobis(),
  'mahalanobis, ledoit-wolf': () => scorers.mahalanobis({ covariance: 'ledoit-wolf' }),
  nearestClassMean: () => scorers.nearestClassMean(),
  nearestNeighbors: () => scorers.nearestNeighbors({ k: 3, bankSize: 8 }),
  nnGuide: () => scorers.nnGuide({ k: 3 }),
  klMatching: () => scorers.klMatching(),
  she: () => scorers.she(),
  fdbd: () => scorers.fdbd(),
  react: () => scorers.react(),
  residual: () => scorers.residual({ dimension: 2 }),
  vim: () => scorers.vim({ dimension: 2, sampleSize: 5 }),
  energy: () => scorers.energy(),
  ash: () => scorers.ash(),
  ensemble: () => scorers.ensemble([scorers.nearestClassMean(), scorers.msp()]),
};

/** What leaves a whole part: a width that is not said beside the arrays, places of rows that nothing else says. */
const FREE: Record<string, RegExp> = {
  energy: /^sums.classes dropped|^widths/,
  ash: /^widths/,
};
const OTHER = /^(options|head|widths\.\w+ dropped)/;

describe('a damaged part is a FormatError, or one of another fit', () => {
  test.each(Object.entries(METHODS))('%s', async (name, method) => {
    const partial = await partOf(method(), all, rows, { shard: 'one' });
    const { tensors, metadata } = decodeSafetensors(partial.toBytes());
    const about = JSON.parse(metadata.about!) as object;
    const read = (arrays: typeof tensors, json: unknown, others: object = {}) =>
      method()
        .partialFrom(encodeSafetensors(arrays, { ...metadata, about: JSON.stringify(json), ...others }), { head })
        .then(
          (whole) => whole.toBytes(),
          (error: unknown) => error,
        );
    expect(await read(tensors, about)).toEqual(partial.toBytes());
    let refused = 0;
    const expectRefused = (what: string, given: unknown, isOther = false) => {
      if (FREE[name]?.test(what)) return;
      refused++;
      if (isOther && given instanceof ArgumentError) return;
      expect(given, what).toBeInstanceOf(FormatError);
    };
    for (const [what, damaged] of damagedArrays(tensors)) {
      expectRefused(what, await read(damaged, about));
    }
    for (const [what, damaged] of damagedJson(about)) {
      const given = await read(tensors, damaged);
      if (/^widths\.\w+ dropped/.test(what) && given instanceof Uint8Array) continue; // nothing else says it
      expectRefused(what, given, OTHER.test(what));
    }
    for (const [what, said] of [
      ['format', 'stray'],
      ['version', '77'],
      ['kind', 'stray'],
      ['more', 'x'],
    ] as const) {
      expectRefused(what, await read(tensors, about, { [what]: said }), what === 'kind');
    }
    expect(refused).toBeGreaterThan(30);
  });
});

test('bytes cut anywhere, and bits that fell over, are a FormatError or nothing', async () => {
  const bytes = (await partOf(scorers.nnGuide({ k: 2 }), all, rows)).toBytes();
  const read = (given: Uint8Array) =>
    scorers
      .nnGuide({ k: 2 })
      .partialFrom(given)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  for (let length = 0; length < bytes.length; length += 13) {
    expect(await read(bytes.slice(0, length)), String(length)).toBeInstanceOf(FormatError);
  }
  for (let at = 0; at < bytes.length; at += 7) {
    const flipped = bytes.slice();
    flipped[at]! ^= 0x40;
    const error = await read(flipped);
    // Options of another name, seed or value are those of another fit.
    if (error !== undefined && !(error instanceof ArgumentError)) expect(error, String(at)).toBeInstanceOf(FormatError);
  }
});

test('a damaged calibration is a FormatError, or one of another scorer', async () => {
  const scorer = await scorers.nearestClassMean().fromPartial(await partOf(scorers.nearestClassMean(), all, rows));
  const part = scorers.partialCalibration(scorer, { share: 0.5 });
  const { block, ids } = blockOf(all, rows);
  await part.add(block, { ids, shard: 'b' });
  const { tensors, metadata } = decodeSafetensors(part.toBytes());
  const about = JSON.parse(metadata.about!) as object;
  const read = async (arrays: typeof tensors, json: unknown) => {
    const into = scorers.partialCalibration(scorer, { share: 0.5 });
    const bytes = encodeSafetensors(arrays, { ...metadata, about: JSON.stringify(json) });
    return into.merge(bytes).then(
      () => into.toBytes(),
      (error: unknown) => error,
    );
  };
  expect(await read(tensors, about)).toEqual(part.toBytes());
  for (const [what, damaged] of damagedArrays(tensors)) {
    expect(await read(damaged as typeof tensors, about), what).toBeInstanceOf(FormatError);
  }
  for (const [what, damaged] of damagedJson(about))
    expect(await read(tensors, damaged), what).toBeInstanceOf(FormatError);
});
