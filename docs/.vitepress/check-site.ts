import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built site: every anchor that a page links to is there, and nothing is loaded from elsewhere. */
const site = fileURLToPath(new URL('dist', import.meta.url));
const base = process.env.DOCS_BASE ?? '/';
const files = readdirSync(site, { recursive: true, encoding: 'utf8' });
const pages = new Map(
  files.filter((file) => file.endsWith('.html')).map((file) => [file, readFileSync(join(site, file), 'utf8')]),
);
const wrong: string[] = [];

for (const [file, html] of pages) {
  for (const [, href] of html.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
    if (/^[a-z]+:/.test(href!)) continue;
    const [path, anchor] = href!.split('#') as [string, string?];
    const target = path === '' ? file : path.startsWith(base) ? path.slice(base.length) : join(dirname(file), path);
    const page = target === '' || target.endsWith('/') ? `${target}index.html` : target;
    if (!existsSync(join(site, page))) wrong.push(`${file}: no page ${href}`);
    else if (anchor && !pages.get(page)?.includes(`id="${decodeURIComponent(anchor)}"`))
      wrong.push(`${file}: no anchor ${href}`);
  }
  for (const [tag] of html.matchAll(
    /<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)="(?:https?:)?\/\/[^>]*>/g,
  )) {
    wrong.push(`${file}: loads ${tag}`);
  }
}
for (const file of files.filter((name) => name.endsWith('.css'))) {
  if (/url\(["']?(https?:)?\/\//.test(readFileSync(join(site, file), 'utf8')))
    wrong.push(`${file}: loads from elsewhere`);
}

console.log(`${pages.size} pages, ${wrong.length} broken`);
if (wrong.length > 0) {
  console.error([...new Set(wrong)].join('\n'));
  process.exitCode = 1;
}
