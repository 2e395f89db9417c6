// What users do with the package: packs it, installs the tarball into empty projects and uses it there, in every way
// that it is made for.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBundles } from './bundles.mjs';
import { check, failed } from './check.mjs';
import { checkCommands, installCommands } from './commands.mjs';
import { firstMinutes } from './first-minutes.mjs';
import { execute, installConsumer, root } from './install.mjs';
import { checkNodes, installNodes } from './nodes.mjs';
import { checkPeers } from './peers.mjs';
import { checkPrograms, installPrograms } from './programs.mjs';
import { checkSizes } from './size.mjs';
import { checkStarters } from './starters.mjs';
import { checkTarball } from './tarball.mjs';
import { checkTfjs, tfjsVersions } from './tfjs-versions.mjs';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'tfjs-ood'));
const folder = mkdtempSync(join(tmpdir(), 'tfjs-ood-package-'));

try {
  await execute('npm', ['run', 'build'], { cwd: root });
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]; // what is built now
  const { stdout } = await execute('npm', pack, { cwd: root });
  const [packed] = JSON.parse(stdout);
  const file = join(folder, packed.filename);
  const { oldest, newest } = tfjsVersions(manifest);
  const [oldHome, home, programs] = ['oldest', 'newest', 'programs'].map((name) => join(folder, name));
  const [nodes, commands] = await Promise.all([
    installNodes(join(folder, 'nodes'), manifest),
    installCommands(join(folder, 'commands'), file, newest),
    installConsumer(home, file, newest),
    installConsumer(oldHome, file, oldest),
    installPrograms(programs, file),
  ]);

  await checkTarball({ file, paths: packed.files.map(({ path }) => path), manifest });
  await checkSizes(home, entries);
  await checkPeers(home, entries);
  await checkCommands(commands);
  await checkNodes(nodes, home, entries);
  await checkTfjs(home, newest);
  await checkTfjs(oldHome, oldest);
  await checkBundles(home);
  await checkPrograms(programs);
  await checkStarters(folder, file);
  // What it times, the others have done
  if (process.env.FULL) await check('from npm init to a verdict', () => firstMinutes(join(folder, 'first'), file));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed() ? 1 : 0;
