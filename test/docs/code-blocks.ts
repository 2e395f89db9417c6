import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A piece of TypeScript that a reader is shown. */
export interface Snippet {
  /** `auroc`, `docs/metrics.md`: what it is found by in `given` and in the exceptions. */
  owner: string;
  /** `auroc 1`, `docs/metrics.md:12`. */
  title: string;
  code: string;
}

/** The pages at the top, and every one below docs that is in git. */
export function pages(): string[] {
  const found = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/^(api|\.vitepress)\//.test(file))
    .map((file) => `docs/${file}`);
  return ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...found.sort()];
}

export const readPage = (page: string): string => readFileSync(root + page, 'utf8');

/** The ```ts blocks of a page. */
export function codeBlocks(page: string): Snippet[] {
  const text = readPage(page);
  return [...text.matchAll(/^```ts[^\n]*\n(.*?)^```$/gms)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return { owner: page, title: `${page}:${line}`, code: match[1]! };
  });
}
