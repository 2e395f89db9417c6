// TypeScript projects of users: strict, with each way of resolving modules that `exports` is for.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.mjs';
import { execute, root } from './install.mjs';

const SETTINGS = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

export async function checkTypes(folder, tfjs) {
  for (const [name, resolution] of Object.entries(SETTINGS)) {
    await check(`TypeScript, moduleResolution ${name}, tfjs ${tfjs}`, async () => {
      const compilerOptions = {
        ...resolution,
        target: 'es2022',
        lib: ['es2022', 'dom'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: true, // tfjs's own types fail
        noEmit: true,
        types: [],
      };
      const config = `tsconfig.${name}.json`;
      writeFileSync(join(folder, config), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
      await execute(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config], { cwd: folder });
    });
  }
}
