import { createHash } from 'node:crypto';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';

/**
 * What a model is but for its numbers: operators, names, types, shapes, metadata keys; by the format's own definitions.
 * Numbers differ in their last bits from machine to machine, and so would a digest of the file.
 */
export function graphDigest(bytes: Uint8Array): string {
  const model = fromBinary(ModelProtoSchema, bytes);
  for (const tensor of model.graph!.initializer) tensor.rawData = new Uint8Array(); // dims and type stay
  for (const entry of model.metadataProps) entry.value = '';
  return createHash('sha256')
    .update(JSON.stringify(toJson(ModelProtoSchema, model)))
    .digest('hex')
    .slice(0, 16);
}
