import { defineConfig } from 'tsup';

/**
 * `npx tfjs-ood`, and the experiments that it starts: beside the library in dist, which they import by its public names
 * as users do. Built after it, as it empties dist.
 */
export default defineConfig({
  entry: {
    cli: 'src/cli/main.ts',
    'experiments/digits': 'examples/digits/main.ts',
    'experiments/traffic-signs': 'examples/traffic-signs/main.ts',
    'experiments/folder': 'examples/folder/main.ts',
    'experiments/svhn-cifar10': 'examples/svhn-cifar10/main.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  external: [/^tfjs-ood($|\/)/, /^@tensorflow\//, /^onnxruntime-/],
  // Nobody installs these for a command.
  noExternal: ['commander', 'cli-progress'],
  // Both are CommonJS, and require parts of Node.
  banner: {
    js: "import { createRequire as requireFor } from 'node:module';\nconst require = requireFor(import.meta.url);",
  },
  splitting: true,
});
