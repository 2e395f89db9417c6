// What a page loads at first, minified and gzipped, without the peers: entries whole, and single imports, which tree
// shaking keeps small. What waits behind `import()`, such as the evaluation of a detector, is loaded by those who call
// it, and has a limit of its own. Vite and webpack split it off by themselves; esbuild does with `splitting`, and then
// loads up to 2.3 KB more at first, as what both parts use is a file of its own; without, all is loaded at once.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { check } from './check.mjs';

/** Limits in bytes, a little above what is; those of the main entry and of the losses are promises. */
const ENTRIES = {
  'tfjs-ood': 25_000,
  'tfjs-ood/scorers': 51_000,
  'tfjs-ood/detector': 98_600,
  'tfjs-ood/onnx': 19_200,
  'tfjs-ood/metrics': 18_200,
  'tfjs-ood/thresholds': 9300,
  'tfjs-ood/embeddings': 15_300,
  'tfjs-ood/training': 11_200,
  'tfjs-ood/wasm': 11_200,
  'tfjs-ood/webgpu': 9500,
  'tfjs-ood/datasets': 10_700,
  'tfjs-ood/blocks': 25_800,
  'tfjs-ood/jobs': 51_000,
  'tfjs-ood/report': 400_000,
  'tfjs-ood/node': 31_000,
};
/** What an entry loads later, where it loads anything. */
const LATER = {
  'tfjs-ood': 7700,
  'tfjs-ood/scorers': 32_000,
  'tfjs-ood/detector': 40_500,
  'tfjs-ood/jobs': 9500,
  'tfjs-ood/node': 408_000,
  'tfjs-ood/training': 900,
};
const SINGLE = {
  'tfjs-ood': {
    contrastiveLoss: 2304,
    odmLoss: 2304,
    auroc: 1600,
    conformalThreshold: 1950,
    ClassMeans: 2700,
    nearestClassMean: 8800,
  },
  'tfjs-ood/scorers': { msp: 5400, nearestNeighbors: 10_600 },
  'tfjs-ood/detector': { fitOutputDetector: 20_200 },
  'tfjs-ood/onnx': { exposeFeatures: 6800 },
  'tfjs-ood/blocks': { parquetBlocks: 13_700, npyBlocks: 7100 },
  'tfjs-ood/metrics': { evaluate: 4900 },
  'tfjs-ood/embeddings': { recallAtK: 2750 },
  'tfjs-ood/training': { createTrainer: 9800, vgg: 3300 },
  'tfjs-ood/datasets': { readIdx: 2450 },
  'tfjs-ood/node': { download: 5700, readImageList: 4200 },
};

/** Two names of two entries, and the limit in bytes: loading a detector costs hardly more than fitting it. */
const PAIRS = [
  ['fitDetector', 'energy', 46_200],
  ['loadDetector', 'energy', 41_000],
  ['loadOutputDetector', 'energy', 17_200],
  ['loadDetector', 'mahalanobis', 55_200],
];

/** The peers stay outside. What is imported of them and not used falls away, as where they are bundled too. */
const peersOutside = {
  name: 'peers outside',
  setup({ onResolve }) {
    onResolve({ filter: /^(@tensorflow\/|(sharp|webgpu)$|hyparquet)/ }, ({ path }) => ({
      path,
      external: true,
      sideEffects: false,
    }));
  },
};

const laterOutside = {
  name: 'what is loaded later outside',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};

/** Gzipped bytes of a module that stands in `folder` and imports from an entry: of what is loaded at first, or all. */
async function sizeOf(contents, folder, entry, { all = false } = {}) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: /\/(node|jobs)$/.test(entry) ? 'node' : 'browser',
    write: false,
    plugins: all ? [peersOutside] : [laterOutside, peersOutside],
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/** The sizes as a table; throws where one is over its limit. */
function table(rows) {
  const line = ({ name, size, limit }) =>
    `${name.padEnd(42)} ${String(size).padStart(7)} of ${String(limit).padStart(7)} bytes`;
  const over = rows.filter(({ size, limit }) => size > limit);
  if (over.length > 0) throw new Error(`over the limit:\n${over.map(line).join('\n')}`);
  return rows.map(line).join('\n');
}

/** Sizes of the package that is installed in `folder`. */
export async function checkSizes(folder, entries) {
  await check('every entry keeps to its budget (esbuild, minified, gzipped, peers left out)', async () => {
    const rows = entries.map(async (name) => {
      if (!(name in ENTRIES)) throw new Error(`${name} has no budget in size.mjs`);
      return { name, limit: ENTRIES[name], size: await sizeOf(`export * from '${name}';`, folder, name) };
    });
    return table(await Promise.all(rows));
  });
  await check('what is loaded later keeps to its budget', async () => {
    const rows = entries.map(async (name) => {
      const [first, all] = await Promise.all(
        [false, true].map((all) => sizeOf(`export * from '${name}';`, folder, name, { all })),
      );
      return { name, limit: LATER[name] ?? 0, size: all - first };
    });
    return table((await Promise.all(rows)).filter(({ size, limit }) => size + limit > 0));
  });
  await check('single imports stay small', async () => {
    const single = Object.entries(SINGLE).flatMap(([entry, limits]) =>
      Object.entries(limits).map(([name, limit]) => ({ entry, name, limit })),
    );
    const rows = single.map(async ({ entry, name, limit }) => {
      const size = await sizeOf(`import { ${name} } from '${entry}'; console.log(${name});`, folder, entry);
      return { name: `${entry} { ${name} }`, limit, size };
    });
    return table(await Promise.all(rows));
  });
  await check('a detector is loaded with the code of one scorer', async () => {
    const rows = PAIRS.map(async ([name, scorer, limit]) => {
      const imports = `import { ${name} } from 'tfjs-ood/detector'; import { ${scorer} } from 'tfjs-ood/scorers';`;
      const size = await sizeOf(`${imports} console.log(${name}, ${scorer});`, folder, 'tfjs-ood/detector');
      return { name: `${name} with ${scorer}`, limit, size };
    });
    return table(await Promise.all(rows));
  });
}
