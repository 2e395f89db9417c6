// Loads every entry that it is told of, by `import` or `require`: it has the names of the list and no others. What two
// entries export is one object.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const [, , way, wanted] = process.argv;
const load = way === 'require' ? createRequire(import.meta.url) : (entry) => import(entry);
const entries = {};
for (const [entry, names] of JSON.parse(wanted)) {
  entries[entry] = await load(entry);
  assert.deepEqual(Object.keys(entries[entry]).sort(), names, entry);
  const empty = names.filter((name) => entries[entry][name] === undefined);
  if (empty.length > 0) throw new Error(`${entry} has nothing under ${empty.join(', ')}`);
}
for (const [entry, name] of [
  ['tfjs-ood/scorers', 'nearestClassMean'],
  ['tfjs-ood/embeddings', 'ClassMeans'],
  ['tfjs-ood/metrics', 'auroc'],
  ['tfjs-ood/thresholds', 'decide'],
]) {
  if (entries[entry][name] !== entries['tfjs-ood'][name]) throw new Error(`${entry} has a ${name} of its own`);
}
process.exit(0);
