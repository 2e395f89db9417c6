import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import { io } from '@tensorflow/tfjs-core';
import { MobileNetV2MidModel } from 'nsfwjs/models/mobilenet_v2_mid';

/** The five classes of the model, in its order (nsfwjs, MIT). */
export const CLASSES = ['Drawing', 'Hentai', 'Neutral', 'Porn', 'Sexy'];
export const SIDE = 224;

/** A part of the package: a file as a module, as JSON or as base64. */
type Part = () => Promise<{ default: unknown }>;

/** The moderation model as nsfwjs ships it: MobileNetV2, a GraphModel, 5.7 MB of weights. */
export async function loadModel(): Promise<GraphModel> {
  const { modelJson, weightBundles } = MobileNetV2MidModel as unknown as { modelJson: Part; weightBundles: Part[] };
  const json = (await modelJson()).default as { modelTopology: object; weightsManifest: io.WeightsManifestConfig };
  const shards = await Promise.all(
    weightBundles.map(async (part) => Buffer.from((await part()).default as string, 'base64')),
  );
  return loadGraphModel(
    io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
      weightData: Uint8Array.from(Buffer.concat(shards)).buffer,
    }),
  );
}
