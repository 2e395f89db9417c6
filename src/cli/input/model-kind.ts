import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CliError } from '../cli-error';
import { checkFile, fileOrFolder } from './paths';

/** Which of the formats a file of a model has. */
export interface ModelFile {
  readonly kind: 'layers' | 'graph' | 'onnx';
  readonly path: string;
}

const CONVERTED = ['.h5', '.keras', '.pb', '.tflite', '.pt', '.pth', '.safetensors'];

/** What `--model` names, by its file alone: which packages it takes is known before any is loaded. */
export async function modelFile(option: string, given: string): Promise<ModelFile> {
  let path = given;
  if ((await fileOrFolder(option, given)) === 'folder') {
    path = join(given, 'model.json');
    await checkFile(option, path);
  }
  const ending = extname(path).toLowerCase();
  if (ending === '.onnx') return { kind: 'onnx', path };
  if (ending !== '.json') {
    const way = CONVERTED.includes(ending)
      ? '; tensorflowjs_converter of Python makes a model.json of it, or the export of its framework an .onnx'
      : '';
    throw new CliError(`${option}: must be a model.json of tfjs or an .onnx file, and ${path} is neither${way}`);
  }
  let json: unknown;
  try {
    json = JSON.parse((await readFile(path, 'utf8')).replace(/^\ufeff/, ''));
  } catch (error) {
    throw new CliError(`${option}: ${path} is no JSON (${(error as Error).message})`);
  }
  const { modelTopology, format } = Object(json) as { modelTopology?: unknown; format?: unknown };
  if (typeof modelTopology !== 'object' || modelTopology === null) {
    throw new CliError(`${option}: ${path} is no model of tfjs (it has no modelTopology)`);
  }
  const isGraph = format === 'graph-model' || 'node' in modelTopology;
  return { kind: isGraph ? 'graph' : 'layers', path };
}

/** The packages of each kind, the one to install last. */
export const MODEL_PACKAGES: Readonly<Record<ModelFile['kind'], readonly (string | readonly string[])[]>> = {
  layers: ['@tensorflow/tfjs-layers'],
  graph: ['@tensorflow/tfjs-converter'],
  onnx: [['onnxruntime-node', 'onnxruntime-web']],
};
