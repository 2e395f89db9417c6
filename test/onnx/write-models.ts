import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { asked, checkedModels, classifierWithDetector } from './checked-models';
import { graphDigest } from './graph-digest';

/**
 * Writes a model of every scorer, and what its detector says, for check_models.py, which looks at them with the onnx
 * package and evaluates them by NumPy.
 *
 * Run: npx tsx test/onnx/write-models.ts FOLDER && /usr/bin/python3 test/onnx/check_models.py FOLDER
 */
const folder = process.argv[2] ?? 'runs/onnx-models';
mkdirSync(folder, { recursive: true });
await tf.setBackend('cpu');
const models = Object.entries(await checkedModels());
const index = models.map(([name, { bytes, verdicts }], i) => {
  writeFileSync(join(folder, `${i}.onnx`), bytes);
  return { name, file: `${i}.onnx`, digest: graphDigest(bytes), verdicts };
});
const rows = (part: { data: Float32Array; shape: readonly number[] }) => ({
  data: Array.from(part.data),
  shape: part.shape,
});
const given = { features: rows(asked.features), logits: rows(asked.logits) };
writeFileSync(join(folder, 'index.json'), JSON.stringify({ given, index }));
writeFileSync(join(folder, 'joined.onnx'), await classifierWithDetector()); // for run_guides.py
console.log(`${models.length} models in ${folder}`);
