// The packed package in plain Node: the oldest that `engines` allows and the newest of each line, as npm packages of
// Node's own binary. A green vitest run does not show this: vitest resolves modules its own way.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.mjs';
import { execute, install, root } from './install.mjs';

const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** What each entry has, values and types: test/house holds the list to the sources. */
const NAMES = JSON.parse(readFileSync(join(root, 'test/house/public-names.json'), 'utf8'));

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
  const wanted = entries.map((name) => [name, NAMES[name]?.values ?? []]);
  await check('the list of public names has every entry, and each has names', () => {
    assert.deepEqual(Object.keys(NAMES).sort(), entries.toSorted());
    for (const [name, values] of wanted) assert.notEqual(values.length, 0, name);
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
