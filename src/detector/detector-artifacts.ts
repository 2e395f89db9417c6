import type { io } from '@tensorflow/tfjs-core'; // types only: `node` does without tfjs

/** How the file stands in what tfjs calls a model: one uint8 weight, and a topology that says what it is. */
const NAME = 'tfjs-ood-detector';
const TOPOLOGY = { format: NAME };

/** The file as what tfjs calls a model. */
export const artifactsOf = (bytes: Uint8Array): io.ModelArtifacts => ({
  modelTopology: TOPOLOGY,
  format: NAME,
  weightSpecs: [
    { name: NAME, shape: [bytes.length], dtype: 'int32', quantization: { dtype: 'uint8', scale: 1, min: 0 } },
  ],
  weightData: new Uint8Array(bytes).buffer, // not `slice`: that of a Node Buffer is a view into a larger buffer
});

/** The file that {@link artifactsOf} wrapped; undefined where it is something else. */
export function bytesOf({ modelTopology, weightData }: io.ModelArtifacts): Uint8Array | undefined {
  if ((modelTopology as { format?: unknown } | undefined)?.format !== NAME || weightData === undefined)
    return undefined;
  const parts = Array.isArray(weightData) ? weightData : [weightData];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return bytes;
}
