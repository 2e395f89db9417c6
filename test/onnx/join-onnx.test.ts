import { readFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { ModelProtoSchema, StringStringEntryProtoSchema, type ModelProto } from 'onnx-buf';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { exposeFeatures, joinOnnx } from 'tfjs-ood/onnx';
import { energy, mahalanobis, nearestNeighbors, vim, type ScorerMethod } from 'tfjs-ood/scorers';
import { seededRandom } from '../../src/core/random';
import { expectSameVerdicts } from './same-verdicts';
import { numbersOf, runOnnx, type Rows } from './run-onnx';

beforeAll(() => tf.setBackend('cpu'));

const digits = new Uint8Array(readFileSync('examples/onnx-features/digits.onnx'));
/** The model as a classifier mostly comes, with its logits alone; changed as `change` says. */
function classifier(change: (model: ModelProto) => void = () => undefined): Uint8Array {
  const model = fromBinary(ModelProtoSchema, digits);
  model.graph!.output = model.graph!.output.filter(({ name }) => name === 'logits');
  change(model);
  return toBinary(ModelProtoSchema, model);
}

/** Blurred spots in one of ten places; `strange` ones are noise. */
function pictures(count: number, seed: number, strange = false): Rows {
  const random = seededRandom(seed, 3);
  const data = Float32Array.from({ length: count * 784 }, (_, at) => {
    const [row, pixel] = [Math.floor(at / 784), at % 784];
    const [x, y] = [(pixel % 28) - 4 - 2 * (row % 10), Math.floor(pixel / 28) - 14];
    return strange ? random.uniform() : Math.exp(-(x * x + y * y) / 18) + random.uniform() / 4;
  });
  return { data, shape: [count, 1, 28, 28] as never };
}

/** What the model gives for pictures, as a detector is fitted on it. */
async function outputsOf(model: Uint8Array, images: Rows) {
  const { bytes, features, logits } = exposeFeatures(model);
  const found = await runOnnx(bytes, { images });
  const rowsOf = (name: string) => ({
    data: found[name]!.data as Float32Array,
    shape: found[name]!.dims as [number, number],
  });
  return { features: rowsOf(features), logits: rowsOf(logits!) };
}

async function detectorOf(model: Uint8Array, scorer: ScorerMethod, options: object = {}) {
  const labels = Int32Array.from({ length: 300 }, (_, i) => i % 10);
  const { head } = exposeFeatures(model);
  const known = { ...(await outputsOf(model, pictures(300, 1))), labels };
  return fitOutputDetector(known, { scorer, ...(head && { head }), ...options });
}

describe('one file: pictures in, verdicts out', () => {
  test.for([
    ['energy', energy()],
    ['mahalanobis', mahalanobis()],
    ['nearest-neighbors', nearestNeighbors({ k: 5 })],
    ['vim', vim()],
  ] as const)('%s', async ([, scorer]) => {
    const model = classifier();
    const detector = await detectorOf(model, scorer);
    const joined = joinOnnx(model, detector);
    for (const images of [pictures(30, 2), pictures(30, 3, true)]) {
      const found = await runOnnx(joined, { images });
      expect(Object.keys(found)).toEqual(['logits', 'score', 'p_value', 'is_ood', 'label']);
      expectSameVerdicts(found, await detector.predict(await outputsOf(model, images)));
    }
    if (scorer.kind === 'energy') return detector.dispose(); // noise has logits as high as theirs
    const { is_ood } = await runOnnx(joined, { images: pictures(30, 3, true) });
    expect(numbersOf(is_ood).filter((alarm) => alarm).length).toBeGreaterThan(20);
    detector.dispose();
  });
});

test('the model keeps its opset, whichever from 11 on it is', async () => {
  const plain = classifier();
  const detector = await detectorOf(plain, mahalanobis());
  const wanted = await detector.predict(await outputsOf(plain, pictures(10, 4)));
  for (const opset of [11, 12, 13, 15, 17, 18, 20, 21, 22]) {
    const model = classifier((own) => {
      own.opsetImport[0]!.version = BigInt(opset);
      if (opset === 11) own.irVersion = 3n;
    });
    const joined = joinOnnx(model, detector);
    const read = fromBinary(ModelProtoSchema, joined);
    expect(read.opsetImport.map(({ version }) => Number(version))).toEqual([opset]);
    expect(Number(read.irVersion)).toBe(opset === 11 ? 4 : 7);
    expectSameVerdicts(await runOnnx(joined, { images: pictures(10, 4) }), wanted);
  }
  const old = classifier((own) => (own.opsetImport[0]!.version = 10n));
  expect(() => joinOnnx(old, detector)).toThrow(/one of opset 11 or later .*got opset 10/);
  detector.dispose();
});

test('nothing of the model changes, and no name is there twice', async () => {
  const model = classifier((own) => {
    own.graph!.node[0]!.name = 'tfjs_ood/here';
    own.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'tfjs_ood.alpha', value: 'mine' }));
  });
  const detector = await detectorOf(model, vim(), { classNames: Array.from({ length: 10 }, (_, i) => `digit ${i}`) });
  const joined = fromBinary(ModelProtoSchema, joinOnnx(model, detector));
  const before = fromBinary(ModelProtoSchema, model);
  const [own, old] = [joined.graph!, before.graph!];
  expect(own.node.slice(0, old.node.length)).toEqual(old.node);
  expect(own.initializer.slice(0, old.initializer.length)).toEqual(old.initializer);
  expect(own.input).toEqual(old.input);
  const added = own.node.slice(old.node.length);
  const inner = added.flatMap(({ output }) => output).filter((name) => !own.output.some((one) => one.name === name));
  expect(inner.every((name) => name.startsWith('tfjs_ood1/'))).toBe(true);
  const made = [...own.node.flatMap(({ output }) => output), ...own.initializer.map(({ name }) => name)];
  expect(new Set(made).size).toBe(made.length);
  const metadata = Object.fromEntries(joined.metadataProps.map(({ key, value }) => [key, value]));
  expect(metadata['tfjs_ood.alpha'], 'what stood there stays').toBe('mine');
  expect(JSON.parse(metadata['tfjs_ood.class_names']!)).toHaveLength(10);
  detector.dispose();
});

test('names of outputs may begin otherwise', async () => {
  const model = classifier((own) => {
    for (const node of own.graph!.node) node.output = node.output.map((name) => (name === 'logits' ? 'score' : name));
    own.graph!.output[0]!.name = 'score';
  });
  const detector = await detectorOf(model, energy());
  expect(() => joinOnnx(model, detector)).toThrow(/prefix must be such that the model has no 'score' yet/);
  const found = await runOnnx(joinOnnx(model, detector, { prefix: 'ood_' }), { images: pictures(3, 5) });
  expect(Object.keys(found)).toEqual(['score', 'ood_score', 'ood_p_value', 'ood_is_ood', 'ood_label']);
  const bare = await runOnnx(joinOnnx(model, detector, { prefix: 'o_', withLabel: false }), { images: pictures(3, 5) });
  expect(Object.keys(bare)).toEqual(['score', 'o_score', 'o_p_value', 'o_is_ood']);
  detector.dispose();
});

test('a detector of another model is refused', async () => {
  const model = classifier();
  const detector = await detectorOf(model, vim());
  const other = classifier((own) => {
    const weights = own.graph!.initializer.find(({ name }) => name === 'head.weight')!;
    weights.rawData = weights.rawData.map((byte, i) => (i % 4 === 3 ? byte ^ 0x80 : byte)); // the signs
  });
  expect(() => joinOnnx(other, detector)).toThrow(ArgumentError);
  expect(() => joinOnnx(other, detector)).toThrow(/detector must be one of this model, whose last layer is \[32, 10\]/);
  const rows = {
    features: { data: Float32Array.from({ length: 400 }, (_, i) => Math.sin(i)), shape: [100, 4] as [number, number] },
  };
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 2);
  const narrow = await fitOutputDetector({ ...rows, labels }, { scorer: mahalanobis() });
  expect(() => joinOnnx(model, narrow)).toThrow(
    /model must be one with 4 features, as at the fit of the detector, got 32/,
  );
  detector.dispose();
  narrow.dispose();
});

test('features that are named go in, of a layer before', async () => {
  const model = classifier();
  const before = '/body/body.6/Flatten_output_0';
  const { bytes, features } = exposeFeatures(model, { features: before });
  const images = pictures(200, 6);
  const outputs = async (own: Rows) => {
    const { data, dims } = (await runOnnx(bytes, { images: own }))[features]!;
    return { features: { data: data as Float32Array, shape: dims as [number, number] } };
  };
  const detector = await fitOutputDetector(await outputs(images), { scorer: nearestNeighbors({ k: 3 }) });
  const asked = pictures(20, 7, true);
  const found = await runOnnx(joinOnnx(model, detector, { features: before }), { images: asked });
  expectSameVerdicts(found, await detector.predict(await outputs(asked)));
  detector.dispose();
});
