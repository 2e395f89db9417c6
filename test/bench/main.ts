import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

/**
 * `npm run bench [name ...]`: runs test/bench/<name>.ts, all of them by default, and prints their lines. What follows
 * `growth` are names of its rows: `npm run bench -- growth losses`.
 */
interface Benchmark {
  title: string;
  run(rows?: readonly string[]): Promise<string[]> | AsyncIterable<string>;
}

const given = process.argv.slice(2);
const place = given.indexOf('growth');
const wanted = place < 0 ? given : given.slice(0, place + 1);
const rows = given.slice(wanted.length);
const names = (await readdir(new URL('.', import.meta.url)))
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.replace('.ts', ''))
  .sort();
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}`);

console.log(`Node ${process.version}, ${availableParallelism()} cores; medians of one run`);
for (const name of wanted.length > 0 ? wanted : names) {
  const { title, run } = (await import(`./${name}.ts`)) as Benchmark;
  console.log(`\n${name}: ${title}`);
  const lines = await (name === 'growth' ? run(rows) : run());
  for await (const line of lines) console.log(`  ${line}`);
}
