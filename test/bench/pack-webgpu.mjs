// `node test/bench/pack-webgpu.mjs [FILE]`: what `npm run bench -- webgpu` needs on a bare machine with a card, in one
// archive: the sources as one module, this Node, Dawn, and the Vulkan loader where this machine has it. There:
// `tar -xJf FILE && webgpu-bench/run.sh`. docs/webgpu.md says more.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = resolve(process.argv[2] ?? join(root, 'runs/webgpu-bench.tar.xz'));
const parent = mkdtempSync(join(tmpdir(), 'tfjs-ood-webgpu-'));
const folder = join(parent, 'webgpu-bench');
const LOADERS = [
  process.env.LIBVULKAN,
  '/usr/lib/x86_64-linux-gnu/libvulkan.so.1',
  '/usr/lib/aarch64-linux-gnu/libvulkan.so.1',
  '/usr/lib/chromium/libvulkan.so.1',
];

/** The package's names stand for its sources, tfjs and all else but Dawn goes into the module. */
async function bundle() {
  const entry = `
    import { availableParallelism } from 'node:os';
    import { run, title } from './webgpu.ts';
    console.log(\`Node \${process.version}, \${availableParallelism()} cores; medians of one run\\n\${title}\`);
    for (const line of await run()) console.log(\`  \${line}\`);
    process.exit(0);`;
  await build({
    stdin: { contents: entry, resolveDir: join(root, 'test/bench'), loader: 'ts' },
    outfile: join(folder, 'bench.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'], // tfjs's parts share one core only as modules
    external: ['webgpu', 'sharp', 'node-fetch', 'string_decoder'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [
      {
        name: 'sources',
        setup({ onResolve }) {
          onResolve({ filter: /^tfjs-ood(\/|$)/ }, ({ path }) => ({
            path: join(root, 'src', path.replace(/^tfjs-ood\/?/, ''), 'index.ts'),
          }));
        },
      },
    ],
    logLevel: 'error',
  });
}

const RUN = `#!/bin/sh
# VK_DRIVER_FILES: the driver's file, where it lies in no folder that the loader looks into (NVIDIA: nvidia_icd.json).
cd "$(dirname "$0")"
for own in /etc/vulkan/icd.d/nvidia_icd.json /usr/share/vulkan/icd.d/nvidia_icd.json; do
  [ -z "$VK_DRIVER_FILES" ] && [ -f "$own" ] && export VK_DRIVER_FILES="$own"
done
LD_LIBRARY_PATH="$PWD/lib:$LD_LIBRARY_PATH" exec ./node bench.mjs "$@"
`;

try {
  mkdirSync(join(folder, 'lib'), { recursive: true });
  await bundle();
  const dawn = join(folder, 'node_modules/webgpu');
  const platform = `${process.platform}-${process.arch}`;
  mkdirSync(join(dawn, 'dist'), { recursive: true });
  for (const name of ['package.json', 'index.js', 'LICENSE.md']) {
    copyFileSync(join(root, 'node_modules/webgpu', name), join(dawn, name));
  }
  cpSync(join(root, 'node_modules/webgpu/dist', platform), join(dawn, 'dist', platform), { recursive: true });
  copyFileSync(process.execPath, join(folder, 'node'));
  chmodSync(join(folder, 'node'), 0o755);
  const loader = LOADERS.find((path) => path && existsSync(path));
  if (loader) copyFileSync(loader, join(folder, 'lib/libvulkan.so.1'));
  else console.warn('no libvulkan.so.1 here (Debian: apt-get install libvulkan1, or LIBVULKAN=FILE): none is packed');
  writeFileSync(join(folder, 'run.sh'), RUN, { mode: 0o755 });
  mkdirSync(join(file, '..'), { recursive: true });
  const env = { XZ_OPT: '-2', ...process.env };
  execFileSync('tar', ['-cJf', file, '-C', parent, 'webgpu-bench'], { env });
  console.log(file);
} finally {
  rmSync(parent, { recursive: true, force: true });
}
