import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { CASES, isLoss, type Case } from './growth/cases';

export const title =
  'how time and memory of fits and scores grow, wasm, against one thread of NumPy, scikit-learn and PyTorch on such rows; ' +
  'times of the processor, each in a process of its own';

/** Turns last so long; what takes three times as long has one turn. All rows then take some 10 minutes of two cores. */
const SECONDS = '0.5';
const PYTHON = '/usr/bin/python3';
const PACKAGES = ['-c', 'import numpy, scipy, sklearn, torch'];

interface Measured {
  /** Milliseconds: of the first turn, ours, and of one when code is compiled. */
  first?: number;
  time: number;
  /** MiB beyond what the rows take. */
  memory: number;
}

const pathOf = (file: string): string => fileURLToPath(new URL(`growth/${file}`, import.meta.url));

/** What a program prints in the last lines, one for each of so many sizes. */
function measured(program: string, args: readonly string[], sizes = 1): Measured[] {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.slice(-500)}`);
  const lines = stdout.trim().split('\n').slice(-sizes);
  return lines.map((line) => JSON.parse(line) as Measured);
}

/** The sides of a case, the one that grows first; the rows of a loss are its batch, B. */
function sidesOf({ sizes, ...one }: Case) {
  const sides = [
    { letter: isLoss({ sizes, ...one }) ? 'B' : 'N', lengths: sizes.map(({ rows }) => rows) },
    { letter: 'D', lengths: sizes.map(({ size }) => size) },
    { letter: 'C', lengths: sizes.map(({ classes }) => classes) },
  ];
  const grows = sides.find(({ lengths }) => lengths[0] !== lengths.at(-1))!;
  return [grows, ...sides.filter((side) => side !== grows)] as const;
}

/** `D 512, 1024, 2048 (N 5000, C 10)` */
function sidesText(one: Case): string {
  const [grows, ...others] = sidesOf(one);
  const fixed = others.map(({ letter, lengths }) => `${letter} ${lengths[0]}`).join(', ');
  return `${grows.letter} ${grows.lengths.join(', ')} (${fixed})`;
}

/** The exponent of the side that grows, from the first to the last size. */
function growth(one: Case, times: readonly number[]): string {
  const [{ letter, lengths }] = sidesOf(one);
  const power = Math.log(times.at(-1)! / times[0]!) / Math.log(lengths.at(-1)! / lengths[0]!);
  return `${letter}^${power.toFixed(1)}`;
}

/** A line of times, and one of memory. */
function linesOfCase(program: string, one: Case, at: number, withPeer: boolean): [times: string, memory: string] {
  const ours = one.sizes.flatMap((_, which) =>
    measured(process.execPath, [program, String(at), String(which), SECONDS]),
  );
  const all = one.sizes.map(({ rows, size, classes }) => `${rows}x${size}x${classes}`);
  const asked = [pathOf('peers.py'), one.name, String(one.scored ?? 0), SECONDS, ...all];
  const theirs = withPeer ? measured(PYTHON, asked, all.length) : [];
  const plain = (values: readonly Measured[], key: keyof Measured): string =>
    values
      .map((value) => value[key] ?? NaN)
      .map((value) => value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0))
      .join(' / ');
  const ratio = theirs.map(({ time }, which) => (ours[which]!.time / time).toFixed(1)).join(' / ');
  const done = isLoss(one) ? 'gradient' : one.scored ? `score of ${one.scored}` : 'fit';
  const what = `| \`${one.name}\` ${done} | ${sidesText(one)} |`;
  const peer = withPeer ? `${plain(theirs, 'time')} | ${ratio}` : 'missing | missing';
  const law = growth(
    one,
    ours.map(({ time }) => time),
  );
  const memory = `${plain(ours, 'memory')} | ${withPeer ? plain(theirs, 'memory') : 'missing'}`;
  return [`${what} ${plain(ours, 'first')} | ${plain(ours, 'time')} | ${peer} | ${law} |`, `${what} ${memory} |`];
}

/** A program in one file, which starts in a tenth of the time; beside the packages that it imports. */
async function bundled(file: string, folder: string): Promise<string> {
  const outfile = join(folder, file.replace('.ts', '.mjs'));
  const tsconfig = fileURLToPath(new URL('../../tsconfig.json', import.meta.url));
  const as = { bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' } as const;
  await build({ entryPoints: [pathOf(file)], outfile, tsconfig, ...as });
  return outfile;
}

/** What a program prints, line by line, as it comes. */
async function* linesOf(program: string): AsyncGenerator<string> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  yield* createInterface({ input: child.stdout });
  const code = child.exitCode ?? (await once(child, 'exit'))[0];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

/**
 * Of the names given (`losses`: those with a gradient; `laws`: how every scorer grows, without a peer) or of all; each
 * line as soon as it is known.
 */
export async function* run(names: readonly string[] = []): AsyncGenerator<string> {
  const isWanted = (one: Case) =>
    names.length === 0 || names.includes(one.name) || (isLoss(one) && names.includes('losses'));
  const rows = CASES.flatMap((one, at) => (isWanted(one) ? [{ one, at }] : []));
  const withLaws = names.length === 0 || names.includes('laws');
  if (rows.length === 0 && !withLaws) {
    throw new Error(`no such row; there are losses, laws, ${CASES.map(({ name }) => name).join(', ')}`);
  }
  const withPeer = existsSync(PYTHON) && spawnSync(PYTHON, PACKAGES).status === 0;
  const caches = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
  await mkdir(caches, { recursive: true }); // below node_modules, where the packages are found
  const folder = await mkdtemp(join(caches, 'growth-'));
  try {
    if (rows.length > 0) {
      yield '| what | grows | first, ms | ours, ms | peer, ms | ours / peer | as |';
      yield '| --- | --- | ---: | ---: | ---: | ---: | --- |';
      const program = await bundled('one.ts', folder);
      const memory: string[] = [];
      for (const { one, at } of rows) {
        const [times, taken] = linesOfCase(program, one, at, withPeer);
        memory.push(taken);
        yield times;
      }
      yield* ['', '| what | grows | ours, MiB | peer, MiB |', '| --- | --- | ---: | ---: |', ...memory];
    }
    if (withLaws) {
      yield '';
      yield '| what | grows | ours, ms | as |';
      yield '| --- | --- | ---: | --- |';
      yield* linesOf(await bundled('all-laws.ts', folder));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
