// Packs the tarball, installs it into an empty folder and loads every subpath by import and by require in plain Node.
// A green vitest run does not show this: vitest resolves modules its own way.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSizes } from './size.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'tfjs-ood-package-'));
let failures = 0;

function check(name, test) {
  try {
    test();
    console.log(`ok   ${name}`);
  } catch (error) {
    failures++;
    console.error(`FAIL ${name}\n${error.stderr?.toString() ?? error.stack}`);
  }
}

const expectedNames = {
  'tfjs-ood': [
    'odmLoss',
    'contrastiveLoss',
    'odmBatches',
    'ClassMeans',
    'classMeanScorer',
    'auroc',
    'encodeSafetensors',
  ],
  'tfjs-ood/scorers': ['mahalanobis', 'nearestNeighbours', 'classMeanScorer', 'ensemble', 'decodeScorer'],
  'tfjs-ood/metrics': ['auroc', 'rocCurve', 'evaluate', 'ScoreAccumulator'],
  'tfjs-ood/embeddings': ['ClassMeans', 'ClassScatter', 'recallAtK'],
  'tfjs-ood/detector': ['fitOutputDetector', 'loadOutputDetector'],
  'tfjs-ood/datasets': ['readCifar10', 'readCifar10Python', 'readSvhn', 'readIdx'],
  'tfjs-ood/node': ['readImageList', 'loadCifar10', 'download', 'openRunFolder'],
  'tfjs-ood/layers': ['vgg', 'createTrainer', 'fit', 'embed'],
  'tfjs-ood/report': ['htmlReport', 'reportFigures'],
  'tfjs-ood/wasm': ['registerTrainingKernels'],
};

try {
  if (!existsSync(join(root, 'dist'))) execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' });
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root }));
  const files = packed.files.map(({ path }) => path);

  check('the tarball holds dist, the licence and the documents, and nothing else', () => {
    const stray = files.filter(
      (file) =>
        !/^(dist\/.*\.(js|d\.ts|js\.map)|dist\/third-party-licences\.txt|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(
          file,
        ),
    );
    if (stray.length > 0) throw new Error(`unexpected: ${stray.join(', ')}`);
    for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE']) {
      if (!files.includes(file)) throw new Error(`missing: ${file}`);
    }
  });
  check('every file that exports names is in the tarball', () => {
    for (const entry of Object.values(manifest.exports)) {
      for (const file of typeof entry === 'string' ? [entry] : Object.values(entry)) {
        if (!files.includes(file.replace('./', ''))) throw new Error(`exports names ${file}`);
      }
    }
  });

  check('publint finds nothing', () =>
    execFileSync('npx', ['publint', '--strict', join(folder, packed.filename)], { cwd: root, stdio: 'pipe' }),
  );
  check('types resolve (ESM profile)', () => {
    const attw = ['attw', join(folder, packed.filename), '--profile', 'esm-only', '--format', 'json'];
    execFileSync('npx', attw, { cwd: root, stdio: 'pipe' });
  });

  // Unpacked as an install would lay it out; what it depends on comes from here, so that no second copy is fetched.
  const home = join(folder, 'node_modules', 'tfjs-ood');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', home, '--strip-components=1']);
  for (const peer of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    mkdirSync(join(folder, 'node_modules', peer, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', peer), join(folder, 'node_modules', peer), 'junction');
  }
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');

  check('single imports stay small (esbuild, minified, gzipped, peers left out)', () =>
    console.log(`     ${checkSizes(folder)}`),
  );

  const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json');
  for (const subpath of subpaths) {
    const name = subpath.replace('.', 'tfjs-ood');
    const names = JSON.stringify(expectedNames[name]);
    const verify = `for (const n of ${names}) if (typeof m[n] !== 'function') throw new Error(n + ' is missing');`;
    check(`import('${name}')`, () => {
      const code = `import('${name}').then((m) => { ${verify} process.exit(0); })`;
      execFileSync(process.execPath, ['-e', code], { cwd: folder, stdio: 'pipe' });
    });
    check(`require('${name}')`, () => {
      const code = `const m = require('${name}'); ${verify} process.exit(0);`;
      execFileSync(process.execPath, ['-e', code], { cwd: folder, stdio: 'pipe' });
    });
  }

  check('a training step runs on wasm from the packed files', () => {
    cpSync(join(root, 'test/package/training-step.mjs'), join(folder, 'training-step.mjs'));
    execFileSync(process.execPath, ['training-step.mjs'], { cwd: folder, stdio: 'pipe' });
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
