// From `npm init` to a verdict, as the README says it, each step timed: under three minutes where nothing else runs.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, root } from './install.mjs';

/**
 * Does in an empty folder what the README's first screen says: its two commands, with the tarball in place of the
 * package's name, and its program. Returns a line for each step.
 */
export async function firstMinutes(folder, tarball) {
  mkdirSync(folder, { recursive: true });
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, program] = /^```js\n(.*?)^```$/ms.exec(readme);
  const [, first, second] = /^```sh\nnpm init -y && (npm install .*)\n(node \S+)\n```$/m.exec(readme);
  const steps = {
    'npm init': () => execute('npm', ['init', '-y'], { cwd: folder }),
    [first]: () => {
      const packages = first.replace('npm install ', '').split(' ').map((name) => (name === 'tfjs-ood' ? tarball : name)); // prettier-ignore
      const quiet = ['--no-audit', '--no-fund', '--prefer-offline'];
      return execute('npm', ['install', ...quiet, ...packages], { cwd: folder });
    },
    [second]: () => {
      const [, file] = second.split(' ');
      writeFileSync(join(folder, file), program);
      return execute(process.execPath, [file], { cwd: folder });
    },
  };
  const lines = [];
  let total = 0;
  let said = {};
  for (const [name, step] of Object.entries(steps)) {
    const start = performance.now();
    said = await step();
    const seconds = (performance.now() - start) / 1000;
    total += seconds;
    lines.push(`${seconds.toFixed(1).padStart(6)} s  ${name}`);
    if (name === first) assert.doesNotMatch(said.stderr, /tfjs-ood@/, 'npm says something of this package');
  }
  assert.match(said.stdout, /^true 0\.0476/m);
  return [...lines, `${total.toFixed(1).padStart(6)} s  in all`].join('\n');
}

if (process.argv[1] === join(root, 'test/package/first-minutes.mjs')) {
  const [folder, tarball] = process.argv.slice(2);
  console.log(await firstMinutes(folder, tarball));
}
