import { createRequire } from 'node:module';

/** Of this package, as its package.json has it. */
export const packageVersion = (): string =>
  (createRequire(import.meta.url)('tfjs-ood/package.json') as { version: string }).version;
