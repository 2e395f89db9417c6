import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json';
import { checkedModels } from './checked-models';
import { graphDigest } from './graph-digest';
import { fitted, outputs } from './small-detectors';
import { detectorToOnnx } from 'tfjs-ood/onnx';

beforeAll(() => tf.setBackend('cpu'));

const { onnx, digests } = JSON.parse(
  readFileSync(new URL('../fixtures/onnx-checked.json', import.meta.url), 'utf8'),
) as { onnx: string; digests: Record<string, string> };

/**
 * The onnx package itself is in Python: graphs that it has not seen fail here until check_models.py has looked at them.
 */
test(`each graph is one that the checker of onnx ${onnx} accepted, with a shape for every tensor`, async () => {
  const models = await checkedModels();
  const found = Object.fromEntries(Object.entries(models).map(([name, { bytes }]) => [name, graphDigest(bytes)]));
  const how = 'npx tsx test/onnx/write-models.ts FOLDER && /usr/bin/python3 test/onnx/check_models.py FOLDER --write';
  expect(found, how).toEqual(digests);
  // What is written is what the format's own writer writes of it: the same, no field lost.
  for (const [name, { bytes }] of Object.entries(models)) {
    const read = fromBinary(ModelProtoSchema, bytes);
    expect(fromBinary(ModelProtoSchema, toBinary(ModelProtoSchema, read)), name).toEqual(read);
    expect(JSON.stringify(read.$unknown ?? []), name).toBe('[]');
  }
});

test('the metadata say what a reader wants to know', async () => {
  const classNames = ['ä', 'b', 'c', 'd', 'e'];
  const detector = await fitted('msp', outputs(400, 1), { classNames, cutPoints: { strict: 0.02 }, confidence: 0.9 });
  const model = fromBinary(ModelProtoSchema, detectorToOnnx(detector));
  const said = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key.replace('tfjs_ood.', ''), value]));
  const [usual] = await detector.predict(outputs(1, 2));
  const [strict] = await detector.predict(outputs(1, 2), { cutPoint: 'strict' });
  expect(said).toMatchObject({
    format: '1',
    version: packageJson.version,
    scorer: 'msp',
    alpha: '0.05',
    confidence: '0.9',
    calibration_count: String(detector.calibration.count),
    calibration_method: 'held-out',
    meaning: 'classes',
  });
  expect(JSON.parse(said.class_names!)).toEqual(classNames);
  const finite = (own: number | undefined) => (own === Infinity ? null : own);
  expect(JSON.parse(said.cut_points!)).toEqual({
    default: { alpha: 0.05, threshold: finite(usual!.threshold) },
    strict: { alpha: 0.02, threshold: finite(strict!.threshold) },
  });
  expect([model.producerName, model.producerVersion]).toEqual(['tfjs-ood', packageJson.version]);
  expect([Number(model.irVersion), model.opsetImport.map(({ domain, version }) => [domain, Number(version)])]).toEqual([
    7,
    [['', 13]],
  ]);
  detector.dispose();
});
