// The packed package in plain Node: the oldest that `engines` allows and the newest of each line, as npm packages of Node's own binary.
// A green vitest run does not show this: vitest resolves modules its own way.
import { join } from 'node:path';
import { check } from './check.mjs';
import { execute, install } from './install.mjs';

const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** Names of each entry that must be functions. */
const NAMES = {
  'tfjs-ood': [
    'odmLoss',
    'contrastiveLoss',
    'odmBatches',
    'ClassMeans',
    'classMeanScorer',
    'decide',
    'auroc',
    'encodeSafetensors',
  ],
  'tfjs-ood/scorers': ['mahalanobis', 'nearestNeighbours', 'classMeanScorer', 'ensemble', 'decodeScorer'],
  'tfjs-ood/metrics': ['auroc', 'rocCurve', 'evaluate', 'ScoreAccumulator'],
  'tfjs-ood/embeddings': ['ClassMeans', 'ClassScatter', 'recallAtK'],
  'tfjs-ood/detector': ['fitOutputDetector', 'loadOutputDetector'],
  'tfjs-ood/datasets': ['readCifar10', 'readCifar10Python', 'readSvhn', 'readIdx'],
  'tfjs-ood/node': ['readImageList', 'loadCifar10', 'download', 'openRunFolder'],
  'tfjs-ood/layers': ['vgg', 'createTrainer', 'fit', 'embed', 'fitDetector'],
  'tfjs-ood/report': ['htmlReport', 'reportFigures'],
  'tfjs-ood/wasm': ['registerTrainingKernels'],
};

/** Node 20 as old as `engines` allows, the newest 22 and 24. */
export function installNodes(folder, manifest) {
  const oldest = manifest.engines.node.replace('>=', '');
  const versions = [oldest, '22', '24'];
  const nodes = versions.map((version) => ({
    version,
    program: join(folder, `node_modules/node-${version}/bin/node`),
  }));
  return install(
    folder,
    versions.map((version) => `node-${version}@npm:${platform}@${version}`),
  ).then(() => nodes);
}

export async function checkNodes(nodes, folder, entries) {
  const wanted = entries.map((name) => [name, NAMES[name] ?? []]);
  const unnamed = wanted.filter(([, names]) => names.length === 0);
  await check('every entry has names to look for', () => {
    if (unnamed.length > 0) throw new Error(`none in nodes.mjs: ${unnamed.join(', ')}`);
  });
  for (const { version, program } of nodes) {
    const run = (script, ...rest) => execute(program, [script, ...rest], { cwd: folder });
    for (const way of ['import', 'require']) {
      await check(`Node ${version}: ${way} of every entry`, async () => {
        await run('load-all.mjs', way, JSON.stringify(wanted));
      });
    }
    await check(`Node ${version}: loss, training steps, class means, scorers, detectors`, async () => {
      await run('smoke.mjs');
    });
  }
}
