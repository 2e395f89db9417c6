import { readFileSync } from 'node:fs';
import * as onnx from 'tfjs-ood/onnx';
import { describeDetector, fitOutputDetector } from 'tfjs-ood/detector';
import { energy } from 'tfjs-ood/scorers';
import type { Places } from './wrong-things';

const logits = { data: Float32Array.from({ length: 400 }, (_, i) => Math.sin(i) * 4), shape: [40, 10] as const };
const detector = await fitOutputDetector({ logits }, { scorer: energy(), alpha: 0.2 });
const model = new Uint8Array(readFileSync('examples/onnx-features/digits.onnx'));

/** Detectors in files, and models as ONNX. */
export const onnxFiles: Places = {
  'describeDetector.bytes': {
    call: (v) => describeDetector(v).byteLength,
    right: detector.toBytes(),
    from: 'decodeSafetensors',
  },
  'detectorToOnnx.detector': { call: (v) => onnx.detectorToOnnx(v).length, right: detector },
  'exposeFeatures.model': { call: (v) => onnx.exposeFeatures(v).bytes.length, right: model },
  'joinOnnx.model': { call: (v) => onnx.joinOnnx(v, detector).length, right: model },
  'joinOnnx.detector': { call: (v) => onnx.joinOnnx(model, v).length, right: detector },
};
