import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { transpose, tidy, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-web';
import type { FunctionModel } from 'tfjs-ood/detector';
import { CliError } from '../cli-error';
import { knownSides, type OnnxNames, type OpenedModel } from './open-model';
import { presentPackage } from './packages';

/** What both runtimes have. */
interface Runtime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/** Weights that exporters put beside a model. */
async function externalData(path: string): Promise<Record<string, Uint8Array>> {
  const files = [`${path}.data`, `${path}_data`];
  const found = await Promise.all(files.map((file) => readFile(file).catch(() => undefined)));
  return Object.fromEntries(found.flatMap((bytes, i) => (bytes ? [[basename(files[i]!), new Uint8Array(bytes)]] : [])));
}

const CHANNELS = [1, 3];
const isChannels = (side: unknown) => CHANNELS.includes(side as number);

/** Whether channels come first: by the option, or by where 1 or 3 stands among the four sides. */
function layoutOf(option: string, shape: readonly (number | string)[], given: OnnxNames['layout']) {
  if (given) return given;
  const [first, last] = [isChannels(shape[1]), isChannels(shape[3])];
  if (shape.length === 4 && first !== last) return first ? 'nchw' : 'nhwc';
  const said = shape.length > 0 ? `[${shape.join(', ')}]` : 'of no said shape';
  throw new CliError(
    `${option}: the input is ${said}, which does not show where the channels are: give --layout nchw or nhwc`,
  );
}

/**
 * An ONNX model as a function of images, with its features and its last layer: `exposeFeatures` of tfjs-ood/onnx makes
 * them outputs.
 */
export async function openOnnx(option: string, path: string, names: OnnxNames): Promise<OpenedModel> {
  const runtime = (await import(presentPackage('onnxruntime-node', 'onnxruntime-web'))) as Runtime;
  const { exposeFeatures } = await import('tfjs-ood/onnx');
  const external = await externalData(path);
  const exposed = exposeFeatures(new Uint8Array(await readFile(path)), {
    ...(names.features !== undefined && { features: names.features }),
    ...(names.logits !== undefined && { logits: names.logits }),
    ...(Object.keys(external).length > 0 && { externalData: external }),
  });
  const session = await runtime.InferenceSession.create(exposed.bytes, {
    externalData: Object.entries(external).map(([file, data]) => ({ path: file, data })),
  });
  const [input, ...others] = session.inputMetadata;
  if (!input?.isTensor || others.length > 0) {
    throw new CliError(
      `${option}: must be a model of one input, images, and ${path} has ${session.inputNames.join(', ')}`,
    );
  }
  if (input.type !== 'float32') {
    throw new CliError(`${option}: must be a model that takes float32, and ${path} takes ${input.type}`);
  }
  const isFirst = layoutOf(option, input.shape, names.layout) === 'nchw';
  const [rows, ...sides] = input.shape;
  const shape = isFirst ? [rows, sides[1], sides[2], sides[0]] : input.shape;
  const { size, channels } = knownSides(shape);
  if (typeof rows === 'number' && rows > 1) {
    throw new CliError(`${option}: must take any number of images or one, and ${path} takes ${rows} at a time`);
  }
  const { features, logits, head } = exposed;
  const model: FunctionModel = {
    ...(head && { head: () => head }),
    async run(images: Tensor) {
      const ordered = tidy(() => (isFirst ? transpose(images as Tensor4D, [0, 3, 1, 2]) : images.clone()));
      try {
        const numbers = Float32Array.from(await ordered.data());
        const found = await session.run({ [input.name]: new runtime.Tensor('float32', numbers, ordered.shape) });
        const rowsOf = (name: string) => {
          const { data, dims } = found[name]!;
          return { data: data as Float32Array, shape: dims as [number, number] };
        };
        return { features: rowsOf(features), ...(logits !== undefined && { logits: rowsOf(logits) }) };
      } finally {
        ordered.dispose();
      }
    },
  };
  const blockSize = typeof rows === 'number' && rows === 1 ? 1 : undefined;
  return { model, kind: 'onnx', size, channels, blockSize, metadata: undefined };
}
