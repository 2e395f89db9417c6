import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { launchChromium } from '../e2e-browser/open-page';
import type { Span, Traced } from './main-thread/page';

export const title =
  'the main thread of Chromium while a detector is fitted on 100 images of 224x224, wasm, MobileNet-like; processor ' +
  'time of each task, less its part in the model (wanted: none above 60 ms)';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The script of the page, with the sources of the package. */
async function pageScript(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/bench/main-thread/page.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'sources',
        setup({ onResolve }) {
          onResolve({ filter: /^tfjs-ood\// }, ({ path }) => ({
            path: join(root, 'src', path.slice('tfjs-ood/'.length), 'index.ts'),
          }));
        },
      },
    ],
  });
  return outputFiles[0]!.contents;
}

interface TraceEvent {
  name: string;
  tid: number;
  pid: number;
  /** Microseconds, by the clock and of the processor. */
  ts: number;
  dur?: number;
  tdur?: number;
}

/** How much of a span the others cover. */
const covered = ([from, to]: Span, others: readonly Span[]): number =>
  others.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, to) - Math.max(a, from)), 0);

/** The longest tasks: on a busy machine their time by the clock says little, that of the processor does. */
function describe({ call, model }: Traced, trace: Buffer): string {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const mark = traceEvents.find(({ name }) => name === 'call')!;
  const clock = (ts: number) => (ts - mark.ts) / 1000 + call[0];
  const tasks = traceEvents
    .filter(({ name, tid, pid }) => tid === mark.tid && pid === mark.pid && name === 'RunTask')
    .map(({ ts, dur = 0, tdur = dur }) => ({ span: [clock(ts), clock(ts + dur)] as const, busy: tdur / 1000 }))
    .filter(({ span }) => span[1] > call[0] && span[0] < call[1])
    .map(({ span, busy }) => {
      const whole = span[1] - span[0];
      return { busy, whole, ours: whole === 0 ? 0 : (busy * (whole - covered(span, model))) / whole };
    })
    .sort((a, b) => b.ours - a.ours);
  const longest = tasks.slice(0, 5).map(({ ours }) => ours.toFixed(0));
  const most = Math.max(0, ...tasks.map(({ busy }) => busy));
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return (
    `ours in the longest tasks ${longest.join(', ')} ms; the longest of all ${most.toFixed(0)} ms; ` +
    `${seconds(call[1] - call[0])} s in all, ${seconds(covered(call, model))} s of it the model`
  );
}

export async function run(): Promise<string[]> {
  const script = await pageScript();
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const answer = async () => {
      if (path === '/') return ['text/html', '<!doctype html><script type="module" src="/page.js"></script>'] as const;
      if (path === '/page.js') return ['text/javascript', script] as const;
      return ['application/wasm', await readFile(join(wasm, 'dist', path))] as const;
    };
    answer().then(
      ([type, body]) => response.writeHead(200, { 'content-type': type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  const lines: string[] = [];
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'trace' in window);
    const names = await page.evaluate(() => (window as unknown as { start(): Promise<string[]> }).start());
    for (const name of names) {
      await browser.startTracing(page, {
        categories: ['toplevel', 'blink.user_timing', 'disabled-by-default-devtools.timeline'],
      });
      const traced = await page.evaluate(
        (one) => (window as unknown as { trace(name: string): Promise<Traced> }).trace(one),
        name,
      );
      lines.push(`${name}: ${describe(traced, await browser.stopTracing())}`);
    }
  } finally {
    await browser.close();
    server.close();
  }
  return lines;
}
