import { Option, type Command } from 'commander';
import type { Session } from '../session';
import { BACKEND_PACKAGES, BACKENDS, startBackend, type BackendName } from './backend';
import { MODEL_PACKAGES, modelFile } from './model-kind';
import { openModel, type OnnxNames, type OpenedModel } from './open-model';
import { requirePackages } from './packages';

/** What every command with a model is given. */
export interface ModelOptions extends OnnxNames {
  readonly model: string;
  readonly backend: BackendName;
}

export const backendOption = () =>
  new Option('--backend <name>', 'what computes').choices([...BACKENDS]).default('wasm');

/** The options of a model. Names of its outputs are those of layers, of nodes, or of an ONNX model's tensors. */
export function addModelOptions(command: Command): Command {
  return command
    .requiredOption('--model <file>', 'the model: model.json of tfjs (or its folder), or an .onnx file')
    .addOption(backendOption())
    .option('--features <name>', 'layer, node or ONNX tensor of the features, where they cannot be found')
    .option('--logits <name>', 'the same of the logits, before a softmax')
    .addOption(new Option('--layout <order>', 'of an ONNX model: where the channels are').choices(['nchw', 'nhwc']));
}

/** Asks for the packages that are missing, starts the backend and opens the model. */
export async function openGivenModel(
  { progress, say }: Session,
  called: { command: string; args: readonly string[] },
  { model, backend, ...names }: ModelOptions,
): Promise<OpenedModel> {
  const file = await modelFile('--model', model);
  requirePackages(called, [...BACKEND_PACKAGES[backend], ...MODEL_PACKAGES[file.kind], 'sharp']);
  progress.start('Opening the model');
  await startBackend(backend, say);
  return openModel('--model', file, names);
}

/** Layers of a tfjs model that were named; an ONNX model has been told already. */
export const namesFor = ({ kind }: OpenedModel, { features, logits }: OnnxNames) =>
  kind === 'onnx' ? {} : { ...(features !== undefined && { features }), ...(logits !== undefined && { logits }) };
