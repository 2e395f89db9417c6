import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectorToOnnx } from 'tfjs-ood/onnx';
import { FAR, fitted, METHODS, outputs } from '../onnx/small-detectors';
import { expectSameVerdicts } from '../onnx/same-verdicts';
import { runOnnx } from '../onnx/run-onnx';

/** What test/onnx asks of some hundred rows, of 10,000. */
const ROWS = 10_000;
const table: string[] = [];
beforeAll(() => tf.setBackend('wasm'));
afterAll(() =>
  console.log(
    `| scorer | rows | worst share of 1e-4 | doubtful | bytes |\n| --- | --- | --- | --- | --- |\n${table.join('\n')}`,
  ),
);

describe.each([0, 3000])('a graph says what its detector says, %i away', (away) => {
  test.for(away ? [...FAR] : Object.keys(METHODS))('%s', async (name) => {
    const detector = await fitted(name, outputs(4000, 1, { away }));
    const asked = outputs(ROWS, 2, { away, strange: 6 });
    const bytes = detectorToOnnx(detector);
    const { worst, doubtful } = expectSameVerdicts(await runOnnx(bytes, asked as never), await detector.predict(asked));
    expect(doubtful).toBeLessThan(ROWS / 1000);
    table.push(`| ${[name, ROWS, worst.toPrecision(2), doubtful, bytes.length].join(' | ')} |`);
    detector.dispose();
  });
});
