import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { exposeFeatures } from 'tfjs-ood/onnx';
import { numbersOf, runOnnx, type Rows } from './run-onnx';

interface Case {
  model: string;
  tensors: [string, string];
  skipped: string[];
  options: object;
  files: Record<string, string>;
  weights: number[];
  bias: number[];
  features: number[];
  logits: number[];
}
const { x, shape, cases, refused } = JSON.parse(
  readFileSync(new URL('../fixtures/onnx-models.json', import.meta.url), 'utf8'),
) as {
  x: number[];
  shape: [number, number];
  cases: Record<string, Case>;
  refused: Record<string, { model: string; message: string; options: object }>;
};
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const given: Rows = { data: Float32Array.from(x), shape };

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, within: number): void {
  expect(found.length).toBe(wanted.length);
  Array.from(found).forEach((value, i) => expect(Math.abs(value - wanted[i]!), `${i}`).toBeLessThan(within));
}

/** The model with its external tensors inside, so that it can be run as it is. */
function withFiles(bytes: Uint8Array, files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  for (const tensor of model.graph!.initializer) {
    if (tensor.externalData.length === 0) continue;
    const said = Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value]));
    const from = Number(said.offset ?? 0);
    tensor.rawData = files[said.location!]!.slice(from, from + Number(said.length));
    tensor.externalData = [];
    tensor.dataLocation = 0;
  }
  return toBinary(ModelProtoSchema, model);
}

describe('the last layer of models as people export them', () => {
  test.for(Object.entries(cases))('%s', async ([, { model, tensors, skipped, options, files, ...wanted }]) => {
    const externalData = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, bytesOf(text)]));
    const exposed = exposeFeatures(bytesOf(model), { ...options, externalData });
    expect([exposed.features, exposed.logits]).toEqual(tensors);
    expect(exposed.skipped).toEqual(skipped);
    const { weights, bias, shape: sides } = exposed.head!;
    expect(sides).toEqual([wanted.weights.length / wanted.bias.length, wanted.bias.length]);
    expectNear(weights, wanted.weights, 1e-6);
    expectNear(bias, wanted.bias, 1e-6);
    const found = await runOnnx(withFiles(exposed.bytes, externalData), { x: given });
    expect(found[exposed.features]!.type).toBe('float32');
    expectNear(numbersOf(found[exposed.features]), wanted.features, 1e-5);
    expectNear(numbersOf(found[exposed.logits!]), wanted.logits, 1e-4);
  });
});

describe('models without one', () => {
  test.for(Object.entries(refused))('%s', ([, { model, message, options }]) => {
    const expose = () => exposeFeatures(bytesOf(model), options);
    expect(expose).toThrow(ArgumentError);
    expect(expose).toThrow(new RegExp(message));
  });
});

test('what is named is taken: without a last layer there are features alone', async () => {
  const exposed = exposeFeatures(bytesOf(refused['no product']!.model), { features: 'h0' });
  expect(exposed).toMatchObject({ features: 'features', logits: undefined, head: undefined, skipped: [] });
  const found = await runOnnx(exposed.bytes, { x: given });
  expect(found.features!.dims).toEqual([shape[0], 4]);
  const other = exposeFeatures(bytesOf(cases.Gemm!.model), { features: 'h0', logits: 'logits' });
  expect(other.head, 'the layer does not start there').toBeUndefined();
  expect(other.logits).toBe('logits');
});

test('the rest of the model stays byte for byte', () => {
  const before = fromBinary(ModelProtoSchema, bytesOf(cases.Softmax!.model));
  const after = fromBinary(ModelProtoSchema, exposeFeatures(bytesOf(cases.Softmax!.model)).bytes);
  const added = after.graph!.node.splice(before.graph!.node.length);
  expect(added.map(({ opType, input, output }) => [opType, input, output])).toEqual([
    ['Cast', ['h'], ['features']],
    ['Cast', ['z'], ['logits']],
  ]);
  expect(after.graph!.output.splice(before.graph!.output.length).map(({ name }) => name)).toEqual([
    'features',
    'logits',
  ]);
  expect(after).toEqual(before);
});

/** The example's model as a classifier mostly comes: with its logits alone. */
test('digits.onnx without its output of features has it again', async () => {
  const whole = new Uint8Array(readFileSync('examples/onnx-features/digits.onnx'));
  const model = fromBinary(ModelProtoSchema, whole);
  model.graph!.output = model.graph!.output.filter(({ name }) => name === 'logits');
  const exposed = exposeFeatures(toBinary(ModelProtoSchema, model));
  const images = {
    data: Float32Array.from({ length: 20 * 784 }, (_, i) => ((i * 7919) % 255) / 255),
    shape: [20, 784],
  };
  const feeds = { images: { ...images, shape: [20, 1, 28, 28] } as never };
  const wanted = await runOnnx(whole, feeds);
  const found = await runOnnx(exposed.bytes, feeds);
  expect(Object.keys(found).sort()).toEqual(['features1', 'logits']); // the tensor itself has the name
  expectNear(numbersOf(found.features1), numbersOf(wanted.features), 1e-5);
  const { weights, bias, shape: sides } = exposed.head!;
  const rows = numbersOf(found.features1);
  const own = Float64Array.from({ length: 200 }, (_, at) => {
    let sum = bias[at % 10]!;
    for (let i = 0; i < 32; i++) sum += rows[Math.floor(at / 10) * 32 + i]! * weights[i * 10 + (at % 10)]!;
    return sum;
  });
  expect(sides).toEqual([32, 10]);
  expectNear(own, numbersOf(wanted.logits), 1e-4);
});

test('what is no model says where', () => {
  const gemm = bytesOf(cases.Gemm!.model);
  const refusing: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array(), /model must be an ONNX model \(protobuf\) with an ir_version, got none at byte 0/],
    [gemm.subarray(0, gemm.length - 20), /got .* at byte \d+/],
    [gemm.subarray(0, gemm.length - 1), /at most 3 bytes of field 8, got 4 at byte \d+/],
    [new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'), /at byte \d+/],
    [Uint8Array.of(0x0b), /a field of wire type 0, 1, 2 or 5, got 3 at byte 0/],
    [Uint8Array.of(8, ...new Array<number>(10).fill(0xff), 1), /a whole number of at most 10 bytes/],
    [Uint8Array.of(0), /a field number from 1/],
  ];
  for (const [bytes, message] of refusing) {
    expect(() => exposeFeatures(bytes)).toThrow(FormatError);
    expect(() => exposeFeatures(bytes)).toThrow(message);
  }
  expect(() => exposeFeatures(gemm.buffer as never)).toThrow(/model must be a Uint8Array/);
});

test('a Node Buffer in the middle of another is read', () => {
  const gemm = bytesOf(cases.Gemm!.model);
  const around = Buffer.concat([Buffer.from('before'), gemm, Buffer.from('after')]);
  const { head } = exposeFeatures(around.subarray(6, 6 + gemm.length));
  expect(head).toEqual(exposeFeatures(gemm).head);
});
