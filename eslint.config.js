import { readFileSync } from 'node:fs';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { commentWidth } from './test/house/comment-width.js';

/**
 * Imports point one way (docs/architecture.md). Each folder of src lists the folders that it may use, and a test holds
 * the list to those that it does use.
 */
const mayImport = JSON.parse(readFileSync(new URL('test/house/import-table.json', import.meta.url), 'utf8'));
const folders = Object.keys(mayImport);

/** Folders that know no tensor. */
const ON_ARRAYS = ['core', 'datasets', 'pairs', 'metrics', 'thresholds', 'blocks', 'report'];

/** Folders that run in Node alone. */
const ON_NODE = ['node', 'jobs', 'cli'];

const directions = folders.map((folder) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: folders
              .filter((other) => other !== folder && !mayImport[folder].includes(other))
              .map((other) => `**/${other}/**`),
            message: `src/${folder} may import ${mayImport[folder].join(', ') || 'no other folder'} only.`,
          },
          ...(ON_NODE.includes(folder)
            ? []
            : [{ group: ['node:*', 'sharp'], message: 'Only src/node, src/jobs and src/cli touch Node.' }]),
          ...(folder === 'training'
            ? []
            : [
                {
                  group: ['@tensorflow/tfjs-layers'],
                  allowTypeImports: true,
                  message: 'Only src/training uses tfjs-layers; src/detector has its class from the model.',
                },
              ]),
          ...(ON_ARRAYS.includes(folder)
            ? [{ group: ['@tensorflow/*'], message: `src/${folder} works on plain arrays.` }]
            : []),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'runs',
      'data',
      'coverage',
      'src/report/page-bundle.ts',
      'docs/api',
      'docs/.vitepress/{dist,cache}',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // Our interfaces are of functions that do not use `this`.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  ...directions,
  {
    plugins: { house: { rules: { 'comment-width': commentWidth } } },
    rules: { 'house/comment-width': ['error', 120] },
  },
  {
    files: ['examples/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/src/**'], message: 'Examples import the package by its public names.' }] },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['test/package/*.mjs', 'examples/starters/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['performance', 'fetch', 'document', 'innerWidth', 'ImageData', 'OffscreenCanvas'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
  {
    files: ['test/package/consumer/*.mjs'], // in a page or a worker of it
    languageOptions: { globals: { Worker: 'readonly', postMessage: 'readonly' } },
  },
);
