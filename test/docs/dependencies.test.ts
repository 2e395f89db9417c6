import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const manifest = JSON.parse(text('package.json')) as Record<'dependencies' | 'peerDependencies', object>;

test('docs/architecture.md says why each dependency of a user is one', () => {
  const reasons = text('docs/architecture.md').split('## Dependencies')[1]!;
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  expect(names).toContain('ml-matrix');
  for (const name of names) expect(reasons).toContain(`\`${name}\``);
  expect(reasons).not.toContain('`left-pad`'); // what is looked for can be missing
});
