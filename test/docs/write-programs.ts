import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { pages } from './code-blocks';
import { plainPrograms } from './plain-programs';

/**
 * `npx tsx test/docs/write-programs.ts FOLDER [PAGE...]`: writes each program of the pages there, as plain JavaScript
 * with its values compared, and prints `[{ title, file }]`.
 */
const [folder, ...wanted] = process.argv.slice(2) as [string, ...string[]];
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [fileURLToPath(new URL('shown-value.ts', import.meta.url))],
  outfile: join(folder, 'shown.mjs'),
  format: 'esm',
  logLevel: 'error',
});
const programs = pages()
  .filter((page) => wanted.length === 0 || wanted.includes(page))
  .flatMap(plainPrograms)
  .map(({ title, code }, i) => {
    const file = join(folder, `program-${i}.mjs`);
    writeFileSync(file, code);
    return { title, file };
  });
console.log(JSON.stringify(programs));
