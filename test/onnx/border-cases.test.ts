import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import {
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { beforeAll, describe, expect, test } from 'vitest';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { detectorToOnnx, joinOnnx } from 'tfjs-ood/onnx';
import { ensemble, energy, mahalanobis, msp, nearestNeighbors } from 'tfjs-ood/scorers';
import { checkFileSize } from '../../src/onnx/detector-to-onnx';
import { numbersOf, runOnnx, type Rows } from './run-onnx';
import { expectSameVerdicts } from './same-verdicts';
import { fitted, METHODS, outputs, type Outputs } from './small-detectors';

beforeAll(() => tf.setBackend('cpu'));

const cut = ({ data, shape: [, width] }: Rows, from: number, to: number): Rows => ({
  data: data.slice(from * width, to * width),
  shape: [to - from, width],
});
const rowsOf = ({ features, logits }: Outputs, from: number, to: number) => ({
  features: cut(features, from, to),
  logits: cut(logits, from, to),
});

describe('no row, and one', () => {
  const [known, asked] = [outputs(400, 31), outputs(4, 32, { strange: 6 })];
  test.for(Object.keys(METHODS))('%s', async (name) => {
    const detector = await fitted(name, known);
    const bytes = detectorToOnnx(detector);
    const none = await runOnnx(bytes, rowsOf(asked, 0, 0));
    for (const [output, { dims }] of Object.entries(none)) expect(dims[0], output).toBe(0);
    expectSameVerdicts(await runOnnx(bytes, rowsOf(asked, 2, 3)), await detector.predict(rowsOf(asked, 2, 3)));
    detector.dispose();
  });
});

test('features and logits of other numbers of rows end the run', async () => {
  const asked = outputs(4, 33);
  for (const name of ['mahalanobis', 'nn-guide']) {
    const detector = await fitted(name, outputs(400, 31));
    const bytes = detectorToOnnx(detector);
    for (const to of [1, 3]) {
      const less = { features: asked.features, logits: cut(asked.logits, 0, to) };
      await expect(runOnnx(bytes, less), `${name}, ${to}`).rejects.toThrow(/OrtRun/);
    }
    detector.dispose();
  }
});

/** x [N, sides] -> y: its `type` in float64, of the weights where they are given. */
function network(sides: number[], type: string, given: { weights?: number[]; shape?: number[] } = {}): Uint8Array {
  const tensor = (name: string, numbers: number[], dims: number[]) =>
    create(TensorProtoSchema, { name, dataType: 11, dims: dims.map(BigInt), doubleData: numbers });
  const node = (opType: string, input: string[], output: string[]) =>
    create(NodeProtoSchema, { opType, input, output });
  const cast = node('Cast', ['x'], ['d']);
  cast.attribute.push(create(AttributeProtoSchema, { name: 'to', i: 11n, type: 2 }));
  const model = create(ModelProtoSchema, { irVersion: 7n, opsetImport: [{ version: 13n }], graph: { name: 'g' } });
  const border = (name: string, elemType: number, dims: (number | string)[] | undefined) =>
    create(ValueInfoProtoSchema, {
      name,
      type: {
        value: {
          case: 'tensorType',
          value: {
            elemType,
            ...(dims && {
              shape: {
                dim: dims.map((side) => ({
                  value:
                    typeof side === 'number'
                      ? { case: 'dimValue' as const, value: BigInt(side) }
                      : { case: 'dimParam' as const, value: side },
                })),
              },
            }),
          },
        },
      },
    });
  const graph = model.graph!;
  graph.input.push(border('x', 1, ['N', ...sides]));
  graph.output.push(border('y', 11, undefined));
  graph.node.push(cast, node(type, given.weights ? ['d', 'w'] : ['d'], ['y']));
  if (given.weights) graph.initializer.push(tensor('w', given.weights, given.shape!));
  return toBinary(ModelProtoSchema, model);
}

describe('behind a model', () => {
  const wave = (count: number, size: number): Rows => ({
    data: Float32Array.from({ length: count * size }, (_, i) => Math.sin(i * i) + 1.1),
    shape: [count, size],
  });
  test('a number beyond float32 is infinite, as it was for the detector', async () => {
    const detector = await fitOutputDetector({ features: wave(200, 2) }, { scorer: nearestNeighbors({ k: 3 }) });
    const model = network([2], 'Mul', { weights: [100, 100], shape: [2] });
    const joined = joinOnnx(model, detector, { features: 'y', withLabel: false });
    const x: Rows = { data: Float32Array.of(1, 1, 3e38, 3e38), shape: [2, 2] };
    const found = await runOnnx(joined, { x });
    expect(numbersOf(found.y)[3], 'in float64 it is finite').toBeGreaterThan(1e40);
    expect(numbersOf(found.score).map(Number.isNaN)).toEqual([false, true]);
    expect(numbersOf(found.is_ood)[1]).toBe(1);
    detector.dispose();
  });

  test('a named tensor of another width ends the run, and sides of 1 behind it do not', async () => {
    const labels = Int32Array.from({ length: 200 }, (_, i) => i % 2);
    const detector = await fitOutputDetector({ features: wave(200, 4), labels }, { scorer: mahalanobis() });
    const joined = (sides: number[]) =>
      joinOnnx(network(sides, 'Identity'), detector, { features: 'y', withLabel: false });
    for (const sides of [[1], [2], [5, 4], [1, 4, 4]]) {
      const size = sides.reduce((product, side) => product * side);
      const x = { data: wave(4, size).data, shape: [4, ...sides] as never };
      await expect(runOnnx(joined(sides), { x }), `[${sides.join()}]`).rejects.toThrow();
    }
    const x = { data: wave(4, 4).data, shape: [4, 4, 1, 1] as never };
    const found = await runOnnx(joined([4, 1, 1]), { x });
    expectSameVerdicts(found, await detector.predict({ features: wave(4, 4) }));
    detector.dispose();
  });
});

test('ensembles of ensembles, a bank of one row, tiny rates', async () => {
  const [known, asked] = [outputs(300, 34), outputs(100, 35, { strange: 6 })];
  const nested = ensemble([ensemble([msp(), mahalanobis({ normalize: 'length' })]), energy({ temperature: 0.01 })]);
  for (const scorer of [nested, nearestNeighbors({ k: 1, bankSize: 1 })]) {
    for (const alpha of [0.1, 1e-300]) {
      const detector = await fitOutputDetector(known, { scorer, alpha, acceptNoAlarm: true });
      const found = await runOnnx(detectorToOnnx(detector), asked as never);
      expectSameVerdicts(found, await detector.predict(asked));
      expect(numbersOf(found.is_ood).some(Boolean)).toBe(alpha === 0.1);
      detector.dispose();
    }
  }
});

test('names of classes in any script, as they came', async () => {
  const classNames = ['日本', '"\\', '\u0000', '🦉', 'é'.repeat(3000)];
  const detector = await fitted('msp', outputs(300, 36), { classNames });
  const { metadataProps } = fromBinary(ModelProtoSchema, detectorToOnnx(detector));
  const said = metadataProps.find(({ key }) => key === 'tfjs_ood.class_names')!.value;
  expect(JSON.parse(said)).toEqual(classNames);
  detector.dispose();
});

test('a file beyond protobuf is refused', () => {
  expect(() => checkFileSize('detectorToOnnx', { length: 2 ** 31 - 1 })).not.toThrow();
  expect(() => checkFileSize('detectorToOnnx', { length: 2 ** 31 })).toThrow(/at most 2147483647 bytes as ONNX/);
});
