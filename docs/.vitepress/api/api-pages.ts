import ts from 'typescript';
import { freeNames } from './free-names';
import type { PublicExport } from './public-exports';

/** What each folder of src is about; a folder that is missing here gets its name. */
const headings: Readonly<Record<string, string>> = {
  losses: 'Losses',
  pairs: 'Batches',
  augment: 'Augmentations',
  embeddings: 'Class means and embeddings',
  scorers: 'Scorers',
  thresholds: 'Decisions',
  metrics: 'Metrics',
  core: 'Errors, random numbers, saving',
  tensors: 'Rows and images as tensors',
  linalg: 'Linear algebra',
  detector: 'Detectors',
  onnx: 'Detectors and models as ONNX',
  training: 'Networks and training',
  node: 'Files',
  datasets: 'Readers',
  blocks: 'Blocks of files',
  report: 'Report',
  wasm: 'Kernels',
};

const pageOf = (path: string) => path.replace('tfjs-ood/', '');

/** Markdown of a docstring: names in braces become links, what Vue or HTML would read is plain text. */
function prose(text: string, byName: ReadonlyMap<string, PublicExport>, page: string): string {
  const linked = text.replace(/\{@link (\w+) ?\}/g, (_, name: string) => {
    const target = byName.get(name);
    if (!target) return `\`${name}\``;
    const at = target.paths.map(pageOf);
    return `[\`${name}\`](${at.includes(page) ? '' : `./${at[0]}.md`}#${name})`;
  });
  return linked
    .split(/(`[^`]*`)/)
    .map((part, i) =>
      i % 2
        ? part
        : part.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/\*/g, '\\*').replace(/\{\{/g, '&#123;{'),
    )
    .join('');
}

const tfjs: Readonly<Record<string, string>> = {
  tf: `import * as tf from '@tensorflow/tfjs-core';`,
  tfl: `import * as tfl from '@tensorflow/tfjs-layers';`,
};

/** An example with the imports that its names ask for; from the page's own path where it has them. */
function withImports(example: string, byName: ReadonlyMap<string, PublicExport>, path: string): string {
  const source = ts.createSourceFile('example.ts', example, ts.ScriptTarget.ES2022, true);
  const free = [...freeNames(source)].sort();
  const byPath = new Map<string, string[]>();
  for (const name of free) {
    const found = byName.get(name);
    if (!found) continue;
    const from = found.paths.includes(path) ? path : found.paths[0]!;
    byPath.set(from, [...(byPath.get(from) ?? []), found.kind === 'type' ? `type ${name}` : name]);
  }
  const lines = [...byPath].map(([from, names]) => `import { ${names.join(', ')} } from '${from}';`);
  const head = [...free.flatMap((name) => tfjs[name] ?? []), ...lines];
  return head.length === 0
    ? example
    : `${head.join('\n')}\n${source.statements.some(ts.isImportDeclaration) ? '' : '\n'}${example}`;
}

function entry(exported: PublicExport, byName: ReadonlyMap<string, PublicExport>, path: string): string {
  const page = pageOf(path);
  const { name, kind, text, tags, examples, declaration, file } = exported;
  const say = (words: string) => prose(words, byName, page);
  const list = (tag: string, title: string) => {
    const found = tags.filter((one) => one.tag === tag);
    if (found.length === 0) return [];
    const lines = found.map((one) => (one.name ? `- \`${one.name}\`: ${say(one.text)}` : `- ${say(one.text)}`));
    return [`**${title}**`, lines.map((line) => line.replace(/\n/g, '\n  ')).join('\n')];
  };
  return [
    `### ${name} {#${name}}`,
    say(text),
    `\`\`\`ts\n${declaration}\n\`\`\``,
    ...list('param', 'Takes'),
    ...list('returns', 'Gives'),
    ...list('throws', 'Throws'),
    ...examples.flatMap((example) => ['**Example**', `\`\`\`ts\n${withImports(example, byName, path)}\n\`\`\``]),
    `<small>${kind}, \`${file}\`</small>`,
  ].join('\n\n');
}

/** A page for each import path and one that lists them: file name -> Markdown. */
export function apiPages(exports: readonly PublicExport[]): Map<string, string> {
  const byName = new Map(exports.map((exported) => [exported.name, exported]));
  const paths = [...new Set(exports.flatMap((exported) => exported.paths))];
  const pages = new Map<string, string>();
  const overview = [
    '# API',
    'Made from the docstrings. Every example on these pages is run by the tests, and what it shows is compared.',
  ];
  for (const path of paths) {
    const page = pageOf(path);
    const here = exports.filter((exported) => exported.paths.includes(path));
    const headingOf = ({ file }: PublicExport) => {
      const folder = file.split('/')[1]!;
      return folder.endsWith('.ts') ? 'Errors and randomness' : (headings[folder] ?? folder);
    };
    const sections = [...new Set(here.map(headingOf))]; // two files can have one heading
    const parts = [`# ${path}`];
    overview.push(`## [${path}](./${page}.md)`);
    for (const heading of sections) {
      const members = here.filter((member) => headingOf(member) === heading);
      const [values, types] = [members.filter((m) => m.kind !== 'type'), members.filter((m) => m.kind === 'type')];
      parts.push(`## ${heading}`, ...[...values, ...types].map((member) => entry(member, byName, path)));
      const links = values.map(({ name }) => `[\`${name}\`](./${page}.md#${name})`).join(', ');
      if (links) overview.push(sections.length > 1 ? `${heading}: ${links}` : links);
    }
    pages.set(`${page}.md`, `${parts.join('\n\n')}\n`);
  }
  pages.set('index.md', `${overview.join('\n\n')}\n`);
  return pages;
}
