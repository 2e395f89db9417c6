import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ModelProto } from 'onnx-buf';
import { ArgumentError } from '../../../src/index';
import { exposeFeatures, type ExposedFeatures } from '../../../src/onnx/index';
import { expectSame, expectThat, WrongResult, type Target } from '../target';
import { fixture } from './files';

interface Models {
  cases: Record<string, { model: string; files: Record<string, string> }>;
  refused: Record<string, { model: string }>;
}
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

/**
 * The file by the definitions of the format itself; undefined where these refuse more than is read of it here, or where
 * their reader left a message that ends too late, and so does not write what it has read.
 */
function byDefinition(bytes: Uint8Array): ModelProto | undefined {
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    return toBinary(ModelProtoSchema, model).length === bytes.length ? model : undefined;
  } catch {
    return undefined;
  }
}

/** The numbers of a head whose weights are plain float32 of one Gemm. */
function checkHead({ head }: ExposedFeatures, { graph }: ModelProto): void {
  const tensor = graph!.initializer.filter(({ name }) => name === 'w2').at(-1);
  const gemms = graph!.node.filter(({ opType, input }) => opType === 'Gemm' && input[1] === 'w2');
  const isPlain = gemms.length === 1 && gemms[0]!.attribute.length === 0 && graph!.node.at(-1) === gemms[0];
  if (!head || !isPlain || tensor?.dataType !== 1 || Number(tensor.dataLocation) !== 0 || tensor.rawData.length === 0)
    return;
  const view = new DataView(tensor.rawData.buffer, tensor.rawData.byteOffset, tensor.rawData.length);
  const numbers = Array.from({ length: tensor.rawData.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  expectSame('weights', head.weights, numbers);
  expectSame('shape', head.shape, tensor.dims.map(Number));
}

/** What an `ArgumentError` may complain of: a whole model, in which no last layer is to be seen. */
const WITHOUT_HEAD = ['model', 'logits', 'features', 'externalData'];

export function onnxModels(): Target {
  const { cases, refused } = fixture<Models>('onnx-models.json');
  const files = bytesOf(cases['external data']!.files['m.data']!);
  return {
    where: ['exposeFeatures'],
    seeds: [...Object.values(cases), ...Object.values(refused)].map(({ model }) => bytesOf(model)),
    limit: (bytes) => 40 * bytes.length + 262_144,
    read(bytes) {
      const model = byDefinition(bytes);
      let exposed: ExposedFeatures;
      try {
        exposed = exposeFeatures(bytes, { externalData: { 'm.data': files } });
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        const what = error.details.what.replace(/\[.*/, '');
        if (!WITHOUT_HEAD.includes(what)) throw new WrongResult(error.message, { cause: error });
        return;
      }
      if (!model) return;
      const after = fromBinary(ModelProtoSchema, exposed.bytes);
      const [own, old] = [after.graph!, model.graph!];
      const nodes = (all: typeof old.node) =>
        all.map(({ opType, input, output }) => [opType, ...input, '->', ...output]);
      expectSame('nodes', nodes(own.node).slice(0, old.node.length).join(), nodes(old.node).join());
      const outputs = own.output.map(({ name }) => name);
      expectThat('the features are an output', outputs.includes(exposed.features));
      expectThat('the logits are an output', outputs.includes(exposed.logits!));
      checkHead(exposed, model);
    },
  };
}
