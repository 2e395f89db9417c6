// Bundles the report's page (script and style) into src/report/page-bundle.ts; `npm run page-bundle`, and npm install
// by itself.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));

async function bundle(entry, loader) {
  const { outputFiles } = await build({
    entryPoints: [file(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    ...loader,
  });
  return outputFiles[0].text.trim();
}

const [script, style] = await Promise.all([bundle('./main.ts'), bundle('./page.css')]);
const hash = `sha256-${createHash('sha256').update(script).digest('base64')}`;
const text = `// Made by src/report/page/bundle.mjs from src/report/page. Not kept in git.
export const script: string = ${JSON.stringify(script)};
export const style: string = ${JSON.stringify(style)};
/** Of the script, for the page's content security policy. */
export const scriptHash = ${JSON.stringify(hash)};
`;
const target = file('../page-bundle.ts');
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
