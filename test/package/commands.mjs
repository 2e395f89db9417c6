// `npx tfjs-ood` of the packed tarball, in a folder that has nothing but a model and pictures: every command, its exit
// code, and what it says of wrong input.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { check } from './check.mjs';
import { install, root } from './install.mjs';

/** What a person has who installed all that a command asks for; and who has the package alone. */
export async function installCommands(folder, tarball, tfjs) {
  const [whole, alone] = [join(folder, 'whole'), join(folder, 'alone')];
  const parts = ['core', 'layers', 'backend-cpu', 'backend-wasm'].map((part) => `@tensorflow/tfjs-${part}@${tfjs}`);
  await Promise.all([install(whole, [tarball, ...parts, 'sharp', 'onnxruntime-web']), install(alone, [tarball])]);
  cpSync(join(root, 'test/package/consumer'), whole, { recursive: true });
  const world = join(folder, 'world');
  mkdirSync(world);
  const { makeCliWorld } = await import(pathToFileURL(join(whole, 'make-cli-world.mjs')).href);
  await makeCliWorld(world);
  cpSync(join(root, 'examples/onnx-features/digits.onnx'), join(world, 'digits.onnx'));
  return { whole, alone, world };
}

/** Runs a command in the world; `stopAfter`: Ctrl-C once this is on stdout. */
function runner(home, cwd) {
  const program = join(home, 'node_modules/.bin/tfjs-ood');
  return (line, { stopAfter } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, line.split(' ').filter(Boolean), { cwd, timeout: 120_000 });
      const said = { out: '', err: '' };
      let isStopped = false; // a second one would end it at once
      for (const [name, stream] of [
        ['out', child.stdout],
        ['err', child.stderr],
      ]) {
        stream.setEncoding('utf8').on('data', (text) => {
          said[name] += text;
          if (!isStopped && stopAfter && said.out.includes(stopAfter)) isStopped = child.kill('SIGINT');
        });
      }
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ ...said, code: code ?? signal }));
    });
}

const MODEL = '--model model/model.json';
const DETECTOR = `${MODEL} --detector cat.detector`;

/** Wrong input: the words, the exit code, and what is said. */
const WRONG = [
  ['fit --modl x', 2, /Did you mean --model/],
  [`fit ${MODEL} --known known`, 2, /required option '--out/],
  [`fit ${MODEL} --known known --out a --alpha 2`, 2, /a share between 0 and 1/],
  [`fit ${MODEL} --known known --out a --backend cuda`, 2, /wasm, cpu, webgpu, tensorflow/],
  [`fit ${MODEL} --known nowhere --out a`, 1, /--known: there is no folder nowhere/],
  [`fit ${MODEL} --known known.csv --out a`, 1, /--known: must be a folder, and known.csv is a file/],
  [`fit ${MODEL} --known empty --out a`, 1, /--known: .*empty, which has none/],
  [`fit ${MODEL} --known ppm --out a`, 1, /--known: .*none \(but 2 .ppm, 1 .txt\)/],
  [`fit ${MODEL} --known known --out no/where`, 1, /--out: there is no folder no/],
  ['score --model nothing.json --detector cat.detector gray', 1, /--model: there is no file or folder nothing.json/],
  [`score ${MODEL} --detector known.csv gray`, 1, /--detector: known.csv is no detector/],
  [`score ${DETECTOR} damaged.png`, 1, /damaged.png must be a whole JPEG or PNG image/],
  ['info nowhere', 1, /there is no file nowhere/],
  ['metrics known.csv', 2, /give a file with scores of the known and one of OoD/],
  ['experiment nope', 2, /there is no nope/],
  ['experiment folder', 1, /--data must be a folder/],
  ['', 2, /Usage: tfjs-ood/],
];

/** Every command where all goes well: the words, the exit code, and what is on stdout. */
const RIGHT = [
  ['--version', 0, /^\d+\.\d+\.\d+/],
  ['fit --help', 0, /In code: fitDetector/],
  [`fit ${MODEL} --known known --out cat.detector`, 0, /cat.detector: nearest-neighbors, fitted on 120 pictures/],
  [`score ${DETECTOR} fresh/red`, 0, /known {4}red/],
  [`score ${DETECTOR} gray --fail-on-ood --csv`, 3, /^file,isOod,label,score,pValue\ngray\/00.png,true/],
  [`evaluate ${DETECTOR} --known fresh --strange gray yellow --report page`, 0, /Finds most of gray \(12 of 12/],
  [`compare ${MODEL} --known known --strange gray --only energy,mahalanobis`, 0, /^scorer/],
  ['info cat.detector', 0, /promise +Calls at most 5 % of known pictures OoD/],
  ['metrics known.csv svhn.csv --format csv', 0, /svhn,set,2,0.8333333333333334/],
  ['metrics both.csv --labels', 0, /0\.8333/],
  ['export --detector cat.detector --out cat.onnx', 0, /cat.onnx: the detector as ONNX/],
  [`fit ${MODEL} --backend cpu --known known --scorer energy --out energy.detector`, 0, /energy, fitted/],
  ['fit --model digits.onnx --known yellow --scorer energy --alpha 0.3 --out d.detector', 0, /d.detector: energy/],
  ['export --detector d.detector --model digits.onnx --out judged.onnx', 0, /model and detector as ONNX/],
  ['experiment digits --help', 0, /npx tfjs-ood experiment digits --data/],
  ['experiment --preset drawn --epochs 1 --steps 1 --evaluate-at-most 50 --no-report --out run', 0, /results.md/],
];

const NO_STACK = /\n {4}at |node:internal/;

export async function checkCommands({ whole, alone, world }) {
  const run = runner(whole, world);
  for (const [line, code, said] of RIGHT) {
    await check(`tfjs-ood ${line}`, async () => {
      const { out, err, ...ended } = await run(line);
      assert.equal(ended.code, code, `${out}\n${err}`);
      assert.match(out, said);
      assert.doesNotMatch(err + out, NO_STACK);
      assert.ok(!(out + err).includes('\u001b'), 'no colors and no bar without a terminal');
    });
  }
  await check('what the commands wrote is whole', () => {
    assert.match(readFileSync(join(world, 'page/report.html'), 'utf8'), /<\/html>\s*$/);
    for (const file of ['cat.onnx', 'judged.onnx']) assert.ok(existsSync(join(world, file)), file);
  });
  await check('wrong input: what to do, and no stack', async () => {
    for (const [line, code, said] of WRONG) {
      const { out, err, ...ended } = await run(line);
      assert.equal(ended.code, code, `${line}\n${out}\n${err}`);
      assert.match(err, said, line);
      assert.doesNotMatch(err + out, NO_STACK, line);
    }
  });
  await check('Ctrl-C: where it stopped, how it goes on, exit code 130', async () => {
    const many = Array.from({ length: 40 }, () => 'known').join(' ');
    const { err, code } = await run(`score ${DETECTOR} ${many} --csv`, { stopAfter: 'known/' });
    assert.equal(code, 130, err);
    assert.match(err, /Stopped: scoring, \d+ of 4800\. The lines above are whole; go on with --skip \d+\./);
  });
  await check('what is not installed is asked for by name, with the line that brings it', async () => {
    const { err, code } = await runner(alone, world)(`score ${DETECTOR} gray`);
    assert.equal(code, 1, err);
    const brought = ['core', 'backend-wasm', 'layers'].map((part) => `-p @tensorflow/tfjs-${part}`).join(' ');
    assert.ok(err.includes(`npx -p tfjs-ood ${brought} -p sharp tfjs-ood score ${DETECTOR} gray`), err);
    assert.doesNotMatch(err, NO_STACK);
  });
}
