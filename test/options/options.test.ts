import { rmSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import { modules, parsed } from '../house/source-files';
import publicNames from '../house/public-names.json';
import { blocks } from './blocks';
import { detecting } from './detecting';
import { exporting } from './exporting';
import { files, folder, run } from './files';
import { queued } from './jobs';
import { measuring } from './measuring';
import { complaint, type Rows } from './row';
import { training } from './training-a-classifier';

const all: Rows = { ...training, ...measuring, ...detecting, ...exporting, ...blocks, ...queued, ...files };
afterAll(async () => {
  await run.close();
  rmSync(folder, { recursive: true });
});

describe.each(Object.entries(all))('%s', (name, row) => {
  const { needed = {}, given = {}, rules = {}, slip, where = name, runs = false, isTextFine = false } = row;
  const right = { ...needed, ...given };

  test('an option that there is not is refused, and the nearest named', async () => {
    const before = tf.memory().numTensors;
    if (runs) expect(await complaint(row, { ...right })).toBeUndefined();
    const [wrong, near] = slip;
    // Undefined too; and names that every object has.
    for (const value of [1, undefined]) {
      const details = await complaint(row, { ...right, [wrong]: value });
      expect(details).toMatchObject({
        where,
        what: 'options',
        expected: `without ${wrong} (${near ? `${near}?` : 'there are none'})`,
      });
      expect(details!.received).toMatch(new RegExp(`^{ .*${wrong} }$`));
    }
    expect((await complaint(row, { ...right, constructor: 1 }))?.expected).toMatch(/^without constructor/);
    if (!runs) expect(tf.memory().numTensors).toBe(before);
  });

  test('they are an object', async () => {
    for (const options of [null, 5, 'text', true, Promise.resolve(right)]) {
      if (isTextFine && typeof options === 'string') continue;
      const details = await complaint(row, options);
      expect(details, typeof options).toMatchObject({ where, what: 'options' });
      expect(details!.expected).toMatch('an object');
    }
  });

  test('each is by its rule', async () => {
    for (const [what, [expected, ...wrong]] of Object.entries(rules)) {
      for (const value of wrong) {
        expect(await complaint(row, { ...right, [what]: value })).toMatchObject({ where, what, expected });
      }
    }
  });

  test('what must be given is', async () => {
    for (const what of Object.keys(needed)) {
      const others = Object.fromEntries(Object.entries(right).filter(([name]) => name !== what));
      expect(await complaint(row, others)).toMatchObject({ where, what, received: 'undefined' });
    }
  });
});

/** Whether a parameter holds options: by its name or its type. */
const isOptions = ({ name, type }: ts.ParameterDeclaration) =>
  /^(options|progress)$/.test(name.getText()) || /(Options|OutputNames|Args|FitProgress)\b/.test(type?.getText() ?? '');

/** Names of what takes options in a file: functions, classes, methods of classes and of interfaces. */
function* takersOf(file: string): Generator<string> {
  const takes = (node: ts.SignatureDeclarationBase) => node.parameters.some(isOptions);
  for (const node of parsed(file).statements) {
    if (ts.isFunctionDeclaration(node) && takes(node)) yield node.name!.text;
    if (ts.isVariableStatement(node)) {
      for (const { name, initializer } of node.declarationList.declarations) {
        if (initializer && ts.isArrowFunction(initializer) && takes(initializer)) yield name.getText();
      }
    }
    if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) continue;
    for (const member of node.members) {
      if (ts.isConstructorDeclaration(member) && takes(member)) yield node.name!.text;
      const isMethod = ts.isMethodDeclaration(member) || ts.isMethodSignature(member);
      if (isMethod && takes(member)) yield `${node.name!.text}.${member.name.getText()}`;
    }
  }
}

/** What holds options by name or type and is asked elsewhere. */
const ELSEWHERE = [
  'Definition.fit', // the caller's own: it is given options that were read
  'Definition.gather',
  'Definition.check',
  'DefinedMethod.fit', // what defineScorer makes: ScorerMethod.fit
];
/** What the scan does not see: options of any kind, and a method that two interfaces have together. */
const BESIDES = ['defineScorer', 'ReadyScorer.fit'];

test('every public function with options is among them', () => {
  const names = new Set(Object.values(publicNames).flatMap(({ values, types }) => [...values, ...types]));
  const found = new Set(modules().flatMap((file) => [...takersOf(file)]));
  const expected = [...found].filter((name) => names.has(name.replace(/\..*/, '')) && !ELSEWHERE.includes(name));
  expect(expected.length).toBeGreaterThan(80);
  expect(Object.keys(all).sort()).toEqual([...expected, ...BESIDES].sort());
});
