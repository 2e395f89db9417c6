import { readFileSync } from 'node:fs';
import { fitOutputDetector, type Verdict } from 'tfjs-ood/detector';
import { detectorToOnnx, joinOnnx } from 'tfjs-ood/onnx';
import { mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';
import { fitted, METHODS, outputs } from './small-detectors';

/** What each of them is asked. */
export const asked = outputs(100, 2, { strange: 6 });

interface CheckedModel {
  bytes: Uint8Array;
  /** What the detector says; none where the model takes something else. */
  verdicts: readonly Verdict[];
}

/** A model of each scorer, of folds, and one behind a network. */
export async function checkedModels(): Promise<Record<string, CheckedModel>> {
  const models: Record<string, CheckedModel> = {};
  const known = outputs(400, 1);
  for (const name of Object.keys(METHODS)) {
    const detector = await fitted(name, known);
    models[name] = { bytes: detectorToOnnx(detector), verdicts: await detector.predict(asked) };
    detector.dispose();
  }
  const folds = await fitted('mahalanobis', outputs(100, 3), { calibration: 'cross', folds: 3 });
  models.folds = { bytes: detectorToOnnx(folds), verdicts: await folds.predict(asked) };
  folds.dispose();
  const features = { data: Float32Array.from({ length: 3200 }, (_, i) => Math.sin(i) + 1), shape: [100, 32] as const };
  const behind = await fitOutputDetector({ features }, { scorer: nearestNeighbors({ k: 3 }) });
  const digits = new Uint8Array(readFileSync('examples/onnx-features/digits.onnx'));
  models.joined = { bytes: joinOnnx(digits, behind, { withLabel: false }), verdicts: [] };
  behind.dispose();
  return models;
}

/** The classifier of docs/onnx.md, x [N, 6] -> three probabilities, with a detector of four features behind it. */
export async function classifierWithDetector(): Promise<Uint8Array> {
  const { cases } = JSON.parse(readFileSync('test/fixtures/onnx-models.json', 'utf8')) as {
    cases: Record<string, { model: string }>;
  };
  const wave = (size: number) =>
    ({ data: Float32Array.from({ length: 100 * size }, (_, i) => Math.sin(i * i) + 1), shape: [100, size] }) as const;
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 3);
  const detector = await fitOutputDetector({ features: wave(4), logits: wave(3), labels }, { scorer: mahalanobis() });
  const joined = joinOnnx(new Uint8Array(Buffer.from(cases.Softmax!.model, 'base64')), detector);
  detector.dispose();
  return joined;
}
