// What the tarball holds, and what publint and arethetypeswrong say of it.
import { check } from './check.mjs';
import { execute, root } from './install.mjs';

const ALLOWED =
  /^(dist\/.*\.(js|d\.ts|js\.map)|dist\/third-party-licenses\.txt|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;

export async function checkTarball({ file, paths, manifest }) {
  await check('the tarball holds dist, the license and the documents, and nothing else', () => {
    const stray = paths.filter((path) => !ALLOWED.test(path));
    if (stray.length > 0) throw new Error(`unexpected: ${stray.join(', ')}`);
    for (const path of ['README.md', 'CHANGELOG.md', 'LICENSE']) {
      if (!paths.includes(path)) throw new Error(`missing: ${path}`);
    }
  });
  await check('every file that exports names is in the tarball', () => {
    for (const entry of Object.values(manifest.exports)) {
      for (const path of typeof entry === 'string' ? [entry] : Object.values(entry)) {
        if (!paths.includes(path.replace('./', ''))) throw new Error(`exports names ${path}`);
      }
    }
  });
  await check('every command that bin names is in the tarball', () => {
    for (const path of Object.values(manifest.bin)) {
      if (!paths.includes(path.replace('./', ''))) throw new Error(`bin names ${path}`);
    }
  });
  await check('publint finds nothing', async () => {
    await execute('npx', ['publint', '--strict', file], { cwd: root });
  });
  await check('types resolve (ESM profile)', async () => {
    await execute('npx', ['attw', file, '--profile', 'esm-only', '--format', 'json'], { cwd: root });
  });
}
