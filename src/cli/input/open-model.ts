import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DetectorModel, TeachableMetadata } from 'tfjs-ood/detector';
import { CliError } from '../cli-error';
import type { ModelFile } from './model-kind';

/** How the outputs of an ONNX model are named, and how its images lie. */
export interface OnnxNames {
  readonly features?: string | undefined;
  readonly logits?: string | undefined;
  readonly layout?: 'nchw' | 'nhwc' | undefined;
}

/** A model that is ready, and what it says of its images. */
export interface OpenedModel {
  readonly model: DetectorModel;
  readonly kind: ModelFile['kind'];
  /** Height and width that it takes, where it says so. */
  readonly size: readonly [height: number, width: number] | undefined;
  readonly channels: number | undefined;
  /** The only number of images that it takes at a time, where there is one. */
  readonly blockSize: number | undefined;
  /** What lies beside a model of Teachable Machine. */
  readonly metadata: TeachableMetadata | undefined;
}

/** Lengths that are known of [N, H, W, C]. */
export const knownSides = (shape: readonly unknown[] | undefined) => {
  const [, height, width, channels] = (shape ?? []).map((side) => (Number(side) > 0 ? Number(side) : undefined));
  return { size: height && width ? ([height, width] as const) : undefined, channels };
};

/** The metadata.json of Teachable Machine beside a model; another file of that name is none. */
async function metadataBeside(path: string): Promise<TeachableMetadata | undefined> {
  try {
    const json = JSON.parse(await readFile(join(dirname(path), 'metadata.json'), 'utf8')) as Record<string, unknown>;
    return Array.isArray(json.labels) && json.packageName === '@teachablemachine/image' ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Opens a model; its packages have been required, and a backend runs. */
export async function openModel(option: string, { kind, path }: ModelFile, names: OnnxNames): Promise<OpenedModel> {
  try {
    if (kind === 'onnx') {
      const { openOnnx } = await import('./open-onnx');
      return await openOnnx(option, path, names);
    }
    const { modelFolder } = await import('tfjs-ood/node');
    const model =
      kind === 'layers'
        ? await (await import('@tensorflow/tfjs-layers')).loadLayersModel(modelFolder(path))
        : await (await import('@tensorflow/tfjs-converter')).loadGraphModel(modelFolder(path));
    const { size, channels } = knownSides(model.inputs[0]?.shape);
    const metadata = await metadataBeside(path);
    return { model: model as DetectorModel, kind, size, channels, blockSize: undefined, metadata };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${option}: ${path} does not open: ${(error as Error).message}`);
  }
}
