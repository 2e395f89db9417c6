import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { publicExports } from '../../docs/.vitepress/api/public-exports';

const exports = publicExports();
const isBritish = (name: string) =>
  /colour|centre|neighbour|labelled|behaviour|grey|(normal|standard|initial|optim)is/i.test(name);

test('public-names.json is what each entry exports; `npx vitest run test/house/public-names.test.ts -u` writes it anew', async () => {
  const paths = [...new Set(exports.flatMap((exported) => exported.paths))].sort();
  const list = Object.fromEntries(
    paths.map((path) => {
      const here = exports.filter((exported) => exported.paths.includes(path));
      const named = (isType: boolean) =>
        here.filter(({ kind }) => (kind === 'type') === isType).map(({ name }) => name);
      return [path, { values: named(false).sort(), types: named(true).sort() }];
    }),
  );
  const file = new URL('public-names.json', import.meta.url).pathname;
  const style = { ...(await resolveConfig(file)), parser: 'json' };
  await expect(await format(JSON.stringify(list), style)).toMatchFileSnapshot('public-names.json');
});

test('one public name is one thing, whichever entry it comes from', () => {
  const names = exports.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('public names are in American spelling', () => {
  expect(exports.map(({ name }) => name).filter(isBritish)).toEqual([]);
});
