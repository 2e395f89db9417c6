import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { decodeSafetensors, encodeSafetensors, seededRandom, type NamedArray, type Random } from '../../../src/index';
import { fitOutputDetector, loadOutputDetector, scorerMethods } from '../../../src/detector/index';
import { decodeScorer, encodeScorer, type ScorerState } from '../../../src/scorers/index';
import { expectSame, expectThat, type Target } from '../target';

const linear = (bytes: Uint8Array) => 20 * bytes.length + 262_144;

/** Mostly gives a changed header its own length again. */
export function withHeaderLength(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length < 9 || random.integer(4) === 0) return bytes;
  let depth = 0;
  let end = 8;
  do {
    if (bytes[end] === 0x7b) depth++;
    if (bytes[end] === 0x7d) depth--;
    end++;
  } while (end < bytes.length && depth > 0);
  while (bytes[end] === 0x20) end++;
  const sealed = bytes.slice();
  new DataView(sealed.buffer).setBigUint64(0, BigInt(end - 8), true);
  return sealed;
}

/** A half of this many bits of exponent, from its definition. */
function half(pattern: number, exponentBits: number): number {
  const fractions = 2 ** (15 - exponentBits);
  const [exponent, share] = [Math.floor((pattern % 32_768) / fractions), (pattern % fractions) / fractions];
  const bias = 2 ** (exponentBits - 1) - 1;
  const size = exponent === 0 ? share * 2 ** (1 - bias) : (1 + share) * 2 ** (exponent - bias);
  const special = share > 0 ? NaN : Infinity;
  return (pattern > 32_767 ? -1 : 1) * (exponent === 2 * bias + 1 ? special : size);
}

/** Bytes, the type that it comes as, and how it is read. */
const READS = {
  F32: [4, 'F32', (data: Buffer, at: number) => data.readFloatLE(at)],
  F64: [8, 'F64', (data: Buffer, at: number) => data.readDoubleLE(at)],
  I32: [4, 'I32', (data: Buffer, at: number) => data.readInt32LE(at)],
  U8: [1, 'U8', (data: Buffer, at: number) => data.readUInt8(at)],
  F16: [2, 'F32', (data: Buffer, at: number) => half(data.readUInt16LE(at), 5)],
  BF16: [2, 'F32', (data: Buffer, at: number) => half(data.readUInt16LE(at), 8)],
  I64: [8, 'I32', (data: Buffer, at: number) => Number(data.readBigInt64LE(at))],
  BOOL: [1, 'U8', (data: Buffer, at: number) => data.readUInt8(at)],
} as const;
type Entry = { dtype: keyof typeof READS; shape: number[]; data_offsets: [number, number] };

/** Checks decoded arrays against the bytes between their offsets. */
function checkTensors(bytes: Uint8Array, tensors: Readonly<Record<string, NamedArray>>): void {
  const file = Buffer.from(bytes);
  const length = Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, Entry>;
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  expectSame('names', Object.keys(tensors).sort(), names.sort());
  // The arrays lie side by side, from the header to the end.
  const ends = names.map((name) => header[name]!.data_offsets).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  expectSame(
    'beginnings',
    ends.map(([start]) => start),
    [0, ...ends.map(([, end]) => end)].slice(0, ends.length),
  );
  expectThat('no byte is left over', 8 + length + (ends.at(-1)?.[1] ?? 0) === file.length);
  for (const name of names) {
    const { dtype, shape, data_offsets } = header[name]!;
    const data = file.subarray(8 + length + data_offsets[0], 8 + length + data_offsets[1]);
    const [width, as, read] = READS[dtype];
    expectSame(`${name}.dtype`, [tensors[name]!.dtype], [as]);
    expectSame(`${name}.shape`, tensors[name]!.shape, shape);
    expectThat(`${name} fills its shape`, shape.reduce((a, b) => a * b, 1) * width === data.length);
    expectSame(
      name,
      tensors[name]!.data,
      Array.from({ length: data.length / width }, (_, i) => read(data, i * width)),
    );
  }
}

const f64 = (shape: number[], first = 0.5): NamedArray => ({
  dtype: 'F64',
  shape,
  data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => first + i / 8),
});

/** A file as Python writes it: every type that becomes another one, two elements each. */
function ofPython(): Uint8Array {
  const data = Buffer.alloc(26);
  data.writeBigInt64LE(7n, 0);
  data.writeBigInt64LE(-1n, 8);
  data.set([0, 0x3c, 1, 0x80, 0x80, 0x3f, 1, 0, 1, 0], 16);
  let at = 0;
  const entries = (['I64', 'F16', 'BF16', 'BOOL'] as const).map((dtype) => {
    const entry = { dtype, shape: [2], data_offsets: [at, (at += 2 * READS[dtype][0])] };
    return [dtype.toLowerCase(), entry];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return new Uint8Array(Buffer.concat([length, header, data]));
}

export function safetensors(): Target {
  return {
    where: ['decodeSafetensors'],
    seeds: [
      encodeSafetensors(
        { a: f64([3, 4]), b: { dtype: 'U8', shape: [5], data: Uint8Array.of(1, 2, 3, 4, 5) } },
        { version: '1' },
      ),
      encodeSafetensors({
        w: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
        i: { dtype: 'I32', shape: [], data: Int32Array.of(-7) },
      }),
      encodeSafetensors(
        { large: f64([16, 16]), none: { dtype: 'I32', shape: [0, 7], data: new Int32Array() } },
        { text: 'é"\\}{' },
      ),
      encodeSafetensors({}, { only: 'words' }),
      ofPython(),
    ],
    seal: withHeaderLength,
    limit: linear,
    read(bytes) {
      const { tensors, metadata } = decodeSafetensors(bytes);
      checkTensors(bytes, tensors);
      const again = encodeSafetensors(tensors, metadata);
      expectSame('written again', encodeSafetensors(decodeSafetensors(again).tensors, metadata), again);
    },
  };
}

/** Rows that every scorer can be fitted on: 54 of three classes, with the head that makes their logits. */
export function rows() {
  const random = seededRandom(3);
  const weights = Float32Array.from(
    { length: 12 },
    (_, i) => Number(i % 3 === Math.floor(i / 3)) + 0.1 * random.normal(),
  );
  const data = Float32Array.from({ length: 216 }, (_, i) =>
    Math.abs(random.normal() + Number(i % 4 === Math.floor(i / 4) % 3) * 3),
  );
  const logits = Float32Array.from({ length: 162 }, (_, i) => {
    const [row, c] = [Math.floor(i / 3), i % 3];
    return [0, 1, 2, 3].reduce((sum, d) => sum + data[4 * row + d]! * weights[3 * d + c]!, 0);
  });
  return {
    features: { data, shape: [54, 4] as const },
    logits: { data: logits, shape: [54, 3] as const },
    labels: Int32Array.from({ length: 54 }, (_, i) => i % 3),
    head: { weights, bias: new Float32Array(3), shape: [4, 3] as const },
  };
}

/** The head that they were fitted with. */
export const fittedHead = rows().head;

const own = (state: ScorerState, tensors: ScorerState['tensors']) => {
  for (const [name, { dtype, shape, data }] of Object.entries(state.tensors)) {
    expectSame(`${name}.dtype`, [dtype], [tensors[name]?.dtype]);
    expectSame(`${name}.shape`, shape, tensors[name]!.shape);
    expectSame(name, data, tensors[name]!.data);
  }
};

const KINDS = Object.keys(scorerMethods).filter((kind) => kind !== 'odin');

/** States of every scorer but ODIN, which wants a model. */
export async function fittedStates(): Promise<ScorerState[]> {
  await tf.setBackend('cpu');
  const { head, ...block } = rows();
  const states: ScorerState[] = [];
  for (const kind of KINDS) {
    const scorer = await scorerMethods[kind]!().fit([block as never], { head } as never);
    states.push(scorer.state());
    scorer.dispose();
  }
  return states;
}

export async function scorer(): Promise<Target> {
  const head = fittedHead;
  const states = await fittedStates();
  const restores = KINDS.flatMap((kind) =>
    ['', kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())].map((name) => `${name || kind}.restore`),
  );
  return {
    where: ['decodeScorer', 'decodeSafetensors', ...restores],
    seeds: states.map(encodeScorer),
    seal: withHeaderLength,
    limit: (bytes) => 100 * bytes.length + 4e6,
    read(bytes) {
      const state = decodeScorer(bytes);
      checkTensors(bytes, state.tensors);
      if (!KINDS.includes(state.kind)) return;
      const restored = scorerMethods[state.kind]!().restore(state, { head });
      try {
        own(restored.state(), state.tensors);
      } finally {
        restored.dispose();
      }
      expectThat('no tensor is left', tf.memory().numTensors === 0);
    },
  };
}

export async function detector(): Promise<Target> {
  await tf.setBackend('cpu');
  const { head, ...outputs } = rows();
  const seeds: Uint8Array[] = [];
  for (const kind of ['nearest-class-mean', 'energy', 'mahalanobis']) {
    const options = {
      scorer: scorerMethods[kind]!(),
      alpha: 0.2,
      cutPoints: { strict: 0.1 },
      classNames: ['a', 'b', 'c'],
    };
    const fitted = await fitOutputDetector(outputs, { ...options, head });
    seeds.push(fitted.toBytes());
    fitted.dispose();
  }
  const restores = KINDS.flatMap((kind) =>
    [kind, kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())].map((name) => `${name}.restore`),
  );
  return {
    where: ['loadOutputDetector', 'decodeSafetensors', ...restores],
    seeds,
    seal: withHeaderLength,
    limit: (bytes) => 100 * bytes.length + 4e6,
    read(bytes) {
      const detector = loadOutputDetector(bytes, { methods: scorerMethods, head });
      try {
        const { tensors } = decodeSafetensors(bytes);
        checkTensors(bytes, tensors);
        const { calibrations, cutPoints, scorers } = detector.state;
        expectSame('calibration', calibrations[0]!, tensors.calibration!.data);
        expectThat(
          'rates are rates',
          Object.values(cutPoints).every((rate) => rate > 0 && rate < 1),
        );
        scorers.forEach((scorer, fold) => {
          for (const [name, { data }] of Object.entries(scorer.tensors))
            expectSame(name, data, tensors[`scorer${fold || ''}.${name}`]!.data);
        });
        const again = detector.toBytes();
        expectSame('written again', loadOutputDetector(again, { methods: scorerMethods, head }).toBytes(), again);
      } finally {
        detector.dispose();
      }
    },
  };
}
