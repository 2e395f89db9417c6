import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { fitOutputDetector } from 'tfjs-ood/detector';
import * as onnx from 'tfjs-ood/onnx';
import { energy } from 'tfjs-ood/scorers';
import type { Rows } from './row';

await tf.setBackend('cpu');
const logits = { data: Float32Array.from({ length: 400 }, (_, i) => Math.sin(i) * 4), shape: [40, 10] as const };
const detector = await fitOutputDetector({ logits }, { scorer: energy(), alpha: 0.2 });
const model = new Uint8Array(readFileSync('examples/onnx-features/digits.onnx'));

const FLAG = ['true or false', 1, 'yes', null] as const;
const TEXT = ['a string', 5, {}, null] as const;
const tensors = { features: TEXT, logits: TEXT, externalData: ['an object', 1, 'o', [], null] } as const;
const written = { withLabel: FLAG, acceptNoLabelSets: FLAG };

/** Detectors and models as ONNX. */
export const exporting: Rows = {
  detectorToOnnx: {
    call: onnx.detectorToOnnx,
    before: [detector],
    slip: ['withLabels', 'withLabel'],
    rules: written,
    runs: true,
  },
  exposeFeatures: {
    call: onnx.exposeFeatures,
    before: [model],
    slip: ['feature', 'features'],
    rules: tensors,
    runs: true,
  },
  joinOnnx: {
    call: onnx.joinOnnx,
    before: [model, detector],
    slip: ['prefixes', 'prefix'],
    rules: { ...written, ...tensors, prefix: TEXT },
    runs: true,
  },
};
