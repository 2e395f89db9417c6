import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiPages } from './api-pages';
import { publicExports } from './public-exports';

// An own generator: it shows exactly what test/docs/examples.test.ts compiles and runs, by the same reading of the
// docstrings.
const folder = fileURLToPath(new URL('../../api', import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const pages = apiPages(publicExports());
for (const [name, text] of pages) writeFileSync(`${folder}/${name}`, text);
console.log(`${pages.size} pages in docs/api`);
