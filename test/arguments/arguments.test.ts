import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { OodError } from 'tfjs-ood';
import { describe, expect, test } from 'vitest';
import ts from 'typescript';
import { folderOf, modules, parsed } from '../house/source-files';
import publicNames from '../house/public-names.json';
import { blockFiles } from './block-files';
import { learning, swapped } from './learning';
import { measuring } from './measuring';
import { onnxFiles } from './onnx-files';
import { rowsAndFiles } from './rows-and-files';
import { LABELS, rows, things, type Place, type Thing } from './wrong-things';

/** Labels of int64 may be read as they are. */
const MAYBE: readonly Thing[] = ['a BigInt64Array', '{ data, dims } of int64'];

/** A result as plain values, and what it made disposed. */
function plain(value: unknown): unknown {
  if (value instanceof tf.Tensor) return Array.from(value.dataSync());
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (value && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  }
  return value;
}

/** What a call gives; or what it throws, with how many tensors it left behind then. */
async function outcome({ call }: Place, value: unknown): Promise<{ result?: unknown; error?: unknown; left?: number }> {
  tf.engine().startScope();
  const before = tf.memory().numTensors;
  try {
    return { result: plain(await call(value as never)) };
  } catch (error) {
    return { error, left: tf.memory().numTensors - before };
  } finally {
    tf.engine().endScope();
  }
}

const all = { ...learning, ...measuring, ...onnxFiles, ...blockFiles, ...rowsAndFiles };

describe.each(Object.entries(all))('%s', (name, place) => {
  const { right, same = [], other = [] } = place;
  const dot = name.replace(/\.options\..*/, '.').lastIndexOf('.');
  const { where = name.slice(0, dot), what = name.slice(dot + 1) } = place;

  test('takes what belongs there, and calls the rest by its name', async () => {
    const expected = await outcome(place, right);
    if (!place.fails) expect(expected.error).toBeUndefined();
    const found: string[] = [];
    for (const [kind, thing] of Object.entries(things) as [Thing, unknown][]) {
      const { error, result, left = 0 } = await outcome(place, thing);
      if (left !== 0) found.push(`${kind}: ${left} tensors left behind`);
      if (same.includes(kind)) {
        if (error) found.push(`${kind}: refused: ${(error as Error).message}`);
        else if (JSON.stringify(result) !== JSON.stringify(expected.result)) found.push(`${kind}: another result`);
      } else if (other.includes(kind)) {
        if (error) found.push(`${kind}: refused: ${(error as Error).message}`);
      } else if (!error) {
        const isSame = JSON.stringify(result) === JSON.stringify(expected.result);
        if (!(isSame && MAYBE.includes(kind))) found.push(`${kind}: taken`);
      } else if (!(error instanceof OodError)) found.push(`${kind}: ${(error as Error).message}`);
      else if (
        ![where, place.from].includes(error.details.where) ||
        !(error.details.what.startsWith(what) || place.also?.test(error.details.what))
      ) {
        found.push(`${kind}: named otherwise: ${error.message}`);
      }
    }
    expect(found).toEqual([]);
  });
});

test.each(Object.entries(all).filter(([, { same = [] }]) => same.some((kind) => kind.startsWith('a tensor'))))(
  '%s: no error leaves a tensor behind on wasm, too',
  async (_, place) => {
    await tf.setBackend('wasm');
    const found: string[] = [];
    let errors = 0;
    for (const [kind, thing] of Object.entries(things)) {
      const { error, left } = await outcome(place, thing);
      if (error) errors++;
      if (left) found.push(`${kind}: ${left}`);
    }
    await tf.setBackend('cpu');
    expect(found).toEqual([]);
    expect(errors).toBeGreaterThan(10);
  },
);

test.each(Object.entries(swapped))('%s says which argument comes first', (_, loss) => {
  expect(() => loss(rows as never, LABELS as never)).toThrow(
    /(embeddings|logits) must be a tensor \[B, D\] of numbers after labels/,
  );
});

/** What is no data: options, which a table of their own asks, and what is asked with another. */
const isAsked = ({ name, type }: ts.ParameterDeclaration) =>
  !/^(options|trainerOptions|args|progress)$/.test(name.getText()) && !/Options\b/.test(type?.getText() ?? '');
/** Of the caller's own functions, and what is given to tfjs. */
const ELSEWHERE = /^(Classifier|Random|TrainingBatches|ClosedFormBatchNorm|SeededDropout|IndexBatches)\./;
const FOLDERS = [
  'augment',
  'pairs',
  'losses',
  'metrics',
  'thresholds',
  'embeddings',
  'training',
  'report',
  'datasets',
  'onnx',
];
const NO_DATA = ['parseEvaluation.file', 'parseCutPoints.file', 'Trainer.step.epoch', 'ClassScatter.ofClass.label'];

function* placesOf(file: string): Generator<string> {
  const names = new Set(Object.values(publicNames).flatMap(({ values, types }) => [...values, ...types]));
  const named = (node: ts.SignatureDeclarationBase, name: string) =>
    node.parameters.filter((one) => isAsked(one) && !one.dotDotDotToken).map((one) => `${name}.${one.name.getText()}`);
  const seen = new Set<string>();
  for (const node of parsed(file).statements) {
    // Of overloads the first: a later one has what it has, by other names.
    if (ts.isFunctionDeclaration(node) && names.has(node.name!.text) && !seen.has(node.name!.text)) {
      seen.add(node.name!.text);
      yield* named(node, node.name!.text);
    }
    if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) continue;
    if (!names.has(node.name!.text)) continue;
    for (const member of node.members) {
      if (ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal')) continue; // no caller sees it
      if ((ts.isMethodDeclaration(member) || ts.isMethodSignature(member)) && !ts.isPrivateIdentifier(member.name)) {
        yield* named(member, `${node.name!.text}.${member.name.getText()}`);
      }
    }
  }
}

test('every data argument of every public function is among them', () => {
  const found = modules()
    .filter((file) => FOLDERS.includes(folderOf(file)))
    .flatMap((file) => [...placesOf(file)]);
  expect(found.length).toBeGreaterThan(120);
  const missing = found.filter((name) => !(name in all) && !ELSEWHERE.test(name) && !NO_DATA.includes(name));
  expect(missing).toEqual([]);
});
