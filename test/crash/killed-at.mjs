// Loaded before a script (`node --import`): once the script sets `globalThis.armed`, the process kills itself before
// the call number KILL_AT of the file system, or in the midst of it where that writes.
import { createRequire, syncBuiltinESMExports } from 'node:module';

const fs = createRequire(import.meta.url)('node:fs/promises');
const at = Number(process.env.KILL_AT);
let calls = 0;
const die = () => process.kill(process.pid, 'SIGKILL');

/** Names each call to the parent; kills at the chosen one. */
function counted(owner, name, inMidst) {
  const original = owner[name];
  owner[name] = async function (...args) {
    if (globalThis.armed && calls++ === at) {
      process.stdout.write(`${name}\n`);
      await inMidst?.call(this, ...args);
      die();
      await new Promise(() => undefined);
    }
    return original.apply(this, args);
  };
  return original;
}

const probe = await fs.open(new URL(import.meta.url), 'r');
const handle = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['open', 'rename', 'rm', 'readdir', 'readFile', 'appendFile']) counted(fs, name);
counted(handle, 'sync');
const write = counted(handle, 'writeFile', async function (contents) {
  await write.call(this, contents.slice(0, contents.length / 2));
});
syncBuiltinESMExports();
