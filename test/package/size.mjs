// What a bundle grows by: single imports, minified and gzipped, without the peers. Tree shaking is what keeps them small.
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

/** Limits in bytes, a little above what is. */
const LIMITS = {
  contrastiveLoss: ['tfjs-ood', 2048],
  odmLoss: ['tfjs-ood', 2048],
  auroc: ['tfjs-ood', 1500],
  conformalThreshold: ['tfjs-ood', 1600],
  msp: ['tfjs-ood/scorers', 2100],
  ClassMeans: ['tfjs-ood', 2600],
  classMeanScorer: ['tfjs-ood', 3800],
  evaluate: ['tfjs-ood/metrics', 3800],
};

/** Bytes that `import { name }` of the unpacked package in `folder` adds. */
function sizeOf(name, entry, folder) {
  const { outputFiles } = buildSync({
    stdin: { contents: `import { ${name} } from '${entry}'; console.log(${name});`, resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    external: ['@tensorflow/*'],
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/** The sizes as lines; throws where one is over its limit. */
export function checkSizes(folder) {
  const sizes = Object.entries(LIMITS).map(([name, [entry, limit]]) => ({
    name,
    limit,
    size: sizeOf(name, entry, folder),
  }));
  const over = sizes.filter(({ size, limit }) => size > limit);
  const line = ({ name, size, limit }) => `${name} ${size} of ${limit} bytes`;
  if (over.length > 0) throw new Error(`over the limit: ${over.map(line).join(', ')}`);
  return sizes.map(line).join(', ');
}
