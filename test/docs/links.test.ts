import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { githubSlug } from '../../docs/.vitepress/github-slug';
import { pages, readPage } from './code-blocks';

const root = fileURLToPath(new URL('../..', import.meta.url));
const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '');

/** The anchors of a page: headings, the second of a name with -1. */
function anchors(page: string): string[] {
  const seen = new Map<string, number>();
  return [
    ...readPage(page)
      .replace(/^```.*?^```$/gms, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ].map(([, heading]) => {
    const slug = githubSlug(heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

const linksOf = (page: string) => {
  const text = withoutCode(readPage(page));
  return [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map(([, inline, below]) => (inline ?? below)!);
};

describe.each(pages())('%s', (page) => {
  test('links to pages, files and headings that there are', () => {
    const wrong = linksOf(page).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path, anchor] = link.split('#') as [string, string?];
      const target = path === '' ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchors(target).includes(anchor);
    });
    expect(wrong).toEqual([]);
  });

  test('has addresses elsewhere that are whole', () => {
    const elsewhere = linksOf(page).filter((link) => /^[a-z]+:/.test(link));
    const wrong = elsewhere.filter((link) => !URL.canParse(link) || !/^https?:$/.test(new URL(link).protocol));
    expect(wrong).toEqual([]);
  });
});
