// Loads every entry that it is told of, by `import` or `require`, and looks for its names. What two entries export is one object.
import { createRequire } from 'node:module';

const [, , way, wanted] = process.argv;
const load = way === 'require' ? createRequire(import.meta.url) : (entry) => import(entry);
const entries = {};
for (const [entry, names] of JSON.parse(wanted)) {
  entries[entry] = await load(entry);
  const missing = names.filter((name) => typeof entries[entry][name] !== 'function');
  if (missing.length > 0) throw new Error(`${entry} lacks ${missing.join(', ')}`);
}
for (const [entry, name] of [
  ['tfjs-ood/scorers', 'classMeanScorer'],
  ['tfjs-ood/embeddings', 'ClassMeans'],
  ['tfjs-ood/metrics', 'auroc'],
]) {
  if (entries[entry][name] !== entries['tfjs-ood'][name]) throw new Error(`${entry} has a ${name} of its own`);
}
process.exit(0);
