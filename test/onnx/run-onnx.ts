import { InferenceSession, Tensor } from 'onnxruntime-web';

export interface Rows {
  data: Float32Array;
  shape: [number, number];
}

/** Outputs of a model by ONNX Runtime Web, by name. */
export async function runOnnx(bytes: Uint8Array, feeds: Readonly<Record<string, Rows>>) {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  try {
    const given = session.inputNames.map((name) => [
      name,
      new Tensor('float32', feeds[name]!.data, feeds[name]!.shape),
    ]);
    const found = await session.run(Object.fromEntries(given) as Record<string, Tensor>);
    return Object.fromEntries(
      Object.entries(found).map(([name, { data, dims, type }]) => [name, { data, dims, type }]),
    );
  } finally {
    await session.release();
  }
}

/** Numbers of an output; bigints and bytes of it too. */
export const numbersOf = (output: { data: unknown } | undefined): number[] =>
  Array.from(output!.data as ArrayLike<number | bigint>, Number);
