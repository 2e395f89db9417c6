/**
 * `npx tsx examples/browser/measure-hands.ts [--model FILE] [--data DIR]`: how the page's classifier fares with hands
 * that are not MNIST's, and with what is no digit it knows, as a table of Markdown. Without MNIST and Fashion-MNIST
 * (in `../shared/data`, or DIR) their rows are left out, and said to be.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { auroc, decideWith } from 'tfjs-ood';
import { readMnist, type ImageSet, type LabeledImages } from 'tfjs-ood/datasets';
import { loadMnist } from 'tfjs-ood/node';
import { decodeClassifier, type Classified } from './classifier';
import { drawLetters, drawShapes, drawUnseenShapes } from './drawn-images';
import { letters, unseenShapes } from './glyphs';
import { readOpticalDigits } from './optical-digits';
import { digitsOf, KNOWN, SEEN, UNSEEN } from './train-data';
import { drawHand, HANDS } from './varied-hands';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: path('./model.safetensors') },
    data: { type: 'string', default: path('../../../shared/data') },
  },
});
const ALPHA = 0.05;
const SEED = 2718; // of no training and no other test

await tf.setBackend('wasm');
const classifier = decodeClassifier(await readFile(options.model));
const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
const scoresOf = (answers: readonly Classified[]) => answers.map(({ score }) => score);
const unknownShare = (answers: readonly Classified[]): number => {
  const decisions = decideWith(classifier.calibration, scoresOf(answers), { alpha: ALPHA });
  return decisions.filter(({ isOod }) => isOod).length / answers.length;
};
const table = (head: readonly string[], rows: readonly (readonly string[])[]): void =>
  console.log([head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n') + '\n');

const rowsOf = (set: ImageSet, wanted: (row: number) => boolean): ImageSet => {
  const [count, side, , channels] = set.shape;
  const rows = [...Array(count).keys()].filter(wanted);
  const size = side * side * channels;
  const images = new Uint8Array(rows.length * size);
  rows.forEach((row, i) => images.set(set.images.subarray(row * size, (row + 1) * size), i * size));
  return { images, shape: [rows.length, side, side, channels] };
};

const knownRows: string[][] = [];
async function known(name: string, set: LabeledImages): Promise<Classified[]> {
  const answers = await classifier.classifyAll(set);
  const right = answers.filter(({ digit }, i) => digit === set.labels[i]).length / answers.length;
  const each = KNOWN.map((digit) => percent(unknownShare(answers.filter((_, i) => set.labels[i] === digit))));
  knownRows.push([name, String(answers.length), percent(unknownShare(answers)), percent(right), ...each]);
  return answers;
}
const mnist = existsSync(join(options.data, 'mnist')) ? await loadMnist(options.data) : undefined;
const reference = mnist && (await known('MNIST, test set', digitsOf(mnist.test, KNOWN)));
const optical = await readOpticalDigits();
const half = optical.shape[0] >> 1;
const ofOptical = (digits: readonly number[]) => digitsOf(optical, digits);
await known('8x8 digits, 13 people', ofOptical(KNOWN));
const before = [...optical.labels.subarray(0, half)].filter((y) => y < 6).length;
await known('their first half', digitsOf(optical, KNOWN, 0, before));
await known('their second half', digitsOf(optical, KNOWN, before));
for (const [name, hand] of Object.entries(HANDS)) {
  const set = drawHand(hand, 1200, SEED);
  await known(`drawn: ${name}`, { ...set, labels: Int32Array.from({ length: 1200 }, (_, i) => i % 6) });
}
table(['known digits, 0 to 5', 'N', `called unknown at ${ALPHA}`, 'right', ...KNOWN.map(String)], knownRows);

const strange: Record<string, ImageSet> = {};
if (mnist) strange['MNIST 6, 7 (seen)'] = digitsOf(mnist.test, SEEN);
if (mnist) strange['MNIST 8, 9'] = digitsOf(mnist.test, UNSEEN);
strange['8x8 digits 6, 7'] = ofOptical(SEEN);
strange['8x8 digits 8, 9'] = ofOptical(UNSEEN);
strange['drawn shapes of the kinds seen'] = drawShapes(900, SEED);
strange.letters = drawLetters(1200, SEED);
[...'AEHMNTWX'].forEach((letter, kind) => {
  strange[`letter ${letter}`] = rowsOf(strange.letters!, (row) => row % letters.length === kind);
});
const shapes = drawUnseenShapes(1200, SEED);
strange['stars, spirals, houses, faces'] = shapes;
Object.keys(unseenShapes).forEach((name, kind) => {
  strange[name] = rowsOf(shapes, (row) => row % Object.keys(unseenShapes).length === kind);
});
const fashion = (part: string) => join(options.data, 'fashion-mnist', `t10k-${part}-ubyte.gz`);
if (existsSync(fashion('images-idx3'))) {
  const [images, classes] = await Promise.all(['images-idx3', 'labels-idx1'].map((part) => readFile(fashion(part))));
  strange['Fashion-MNIST'] = await readMnist(images!, classes!);
}
const strangeRows: string[][] = [];
for (const [name, images] of Object.entries(strange)) {
  const answers = await classifier.classifyAll(images);
  const against = reference ? auroc(scoresOf(reference), scoresOf(answers)).toFixed(4) : '–';
  strangeRows.push([name, String(answers.length), against, percent(unknownShare(answers))]);
}
table(['not 0 to 5', 'N', 'AUROC against MNIST', `called unknown at ${ALPHA}`], strangeRows);
if (!mnist) console.log(`Left out: MNIST, which is not in ${options.data}.`);
if (!strange['Fashion-MNIST']) console.log(`Left out: Fashion-MNIST, which is not in ${options.data}.`);
classifier.dispose();
