import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { addresses, MISSING, packedReadme } from '../../docs/.vitepress/packed-readme.mjs';
import { readPage } from './code-blocks';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = `${root}docs/.vitepress/packed-readme.mjs`;
const made = { repository: 'github:Somebody/some-name', version: '1.2.3' };
const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '');

describe('README on npm', () => {
  test('has no relative link or picture, and as many as in the repository', () => {
    const targets = (text: string) => [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map(([, inline, below]) => (inline ?? below)!); // prettier-ignore
    const before = targets(readPage('README.md'));
    const after = targets(packedReadme(readPage('README.md'), made));
    expect(before.filter((path) => !path.startsWith('https:')).length).toBeGreaterThan(20);
    expect(after).toHaveLength(before.length);
    expect(after.filter((path) => !URL.canParse(path) || !path.startsWith('https:'))).toEqual([]);
    expect(after).toContain('https://raw.githubusercontent.com/Somebody/some-name/v1.2.3/docs/images/embedding.png');
    expect(after).toContain('https://somebody.github.io/some-name/demo/'); // the page in the browser, one click away
    expect(after).toContain('https://github.com/Somebody/some-name/blob/v1.2.3/SECURITY.md');
    expect(after).toContain('https://github.com/Somebody/some-name/tree/v1.2.3/examples/starters/node');
  });

  test('leaves code, anchors and addresses elsewhere alone', () => {
    const text = '[a](docs/losses.md#odm) [b](#here) [c](https://example.org)\n```js\nx[0](docs/a.md)\n```\n';
    expect(packedReadme(text, made)).toBe(
      '[a](https://somebody.github.io/some-name/losses.html#odm) [b](#here) [c](https://example.org)\n' +
        '```js\nx[0](docs/a.md)\n```\n',
    );
    expect(() => packedReadme('[a](docs/not-there.md)', made)).toThrow(/docs\/not-there.md, which there is not/);
  });

  test('takes the repository in each way that npm writes it; a homepage of its own where one is set', () => {
    for (const repository of [
      'https://github.com/Somebody/some-name',
      { type: 'git', url: 'git+https://github.com/Somebody/some-name.git' },
    ]) {
      expect(addresses({ ...made, repository })).toEqual(addresses(made));
    }
    expect(addresses({ ...made, homepage: 'https://ood.example/' }).site).toBe('https://ood.example/');
    expect(() => addresses({ version: '1.0.0' })).toThrow(MISSING);
    expect(() => addresses({ repository: 'gitlab:a/b', version: '1.0.0' })).toThrow(/got "gitlab:a\/b"/);
  });

  test('stops a release by one line while the repository is missing, and goes on with a pack', () => {
    const { repository, scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { repository?: string; scripts: object }; // prettier-ignore
    const run = (command: string, npm_command: string) =>
      spawnSync(process.execPath, [script, command], { env: { ...process.env, npm_command }, encoding: 'utf8' });
    if (repository === undefined) {
      const before = readPage('README.md');
      for (const [command, of] of [
        ['check', ''],
        ['write', 'publish'],
      ] as const) {
        // prettier-ignore
        const { status, stderr } = run(command, of);
        expect([status, stderr]).toEqual([1, `${MISSING}\n`]);
      }
      expect(run('write', 'pack').status).toBe(0);
      expect(readPage('README.md')).toBe(before);
    } else expect(run('check', '').status).toBe(0);
    execFileSync(process.execPath, [script, 'restore']);
    expect(existsSync(`${root}README.md.kept`)).toBe(false);
    expect(Object.keys(scripts)).not.toContain('prepare'); // npm warns of it where the package is installed
  });
});
