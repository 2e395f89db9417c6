// README as npm shows it: npm has no files beside it, so its links and pictures are absolute there. `write` does it
// before a pack, `restore` undoes it, `check` is the release's first step. All addresses come from `repository` in
// package.json.
import { copyFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [README, KEPT] = [`${root}README.md`, `${root}README.md.kept`];

/** What the release says while it is missing. */
export const MISSING =
  'package.json has no "repository": set it to "github:OWNER/NAME", from which the links and pictures of README on npm are made';

/** `{ code, raw, site }`: the addresses of a version's files, of its pictures, and of the site. */
export function addresses({ repository, homepage, version }) {
  const text = typeof repository === 'object' ? repository?.url : repository;
  const [, owner, name] = /^(?:github:|(?:git\+)?https:\/\/github\.com\/)([\w.-]+)\/([\w.-]+?)(?:\.git)?$/.exec(text ?? '') ?? []; // prettier-ignore
  if (owner === undefined) throw new Error(text === undefined ? MISSING : `${MISSING}; got ${JSON.stringify(text)}`);
  return {
    code: `https://github.com/${owner}/${name}`,
    raw: `https://raw.githubusercontent.com/${owner}/${name}/v${version}/`,
    site: homepage ?? `https://${owner.toLowerCase()}.github.io/${name}/`,
    version,
  };
}

/** Pages of docs are read on the site, the page that one draws on is run there, and all else is in the repository. */
function absolute(path, isPicture, { code, raw, site, version }) {
  if (/^([a-z]+:|#)/.test(path)) return path;
  const [file, anchor] = path.split('#');
  if (!existsSync(root + file)) throw new Error(`README links to ${file}, which there is not`);
  if (isPicture) return raw + file;
  if (file === 'docs/browser-page.md' && anchor === undefined) return `${site}demo/`;
  const behind = anchor === undefined ? '' : `#${anchor}`;
  const page = /^docs\/(.*)\.md$/.exec(file)?.[1];
  if (page !== undefined) return `${site}${page === 'index' ? '' : `${page}.html`}${behind}`;
  return `${code}/${statSync(root + file).isDirectory() ? 'tree' : 'blob'}/v${version}/${file}${behind}`;
}

/** README with absolute links and pictures; code blocks stay as they are. */
export function packedReadme(text, manifest) {
  const places = addresses(manifest);
  return text
    .split(/(^```.*?^```$)/ms)
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part
            .replace(
              /(!?)(\[[^\]]*\])\(([^)\s]+)\)/g,
              (_, sign, label, path) => `${sign}${label}(${absolute(path, sign === '!', places)})`,
            ) // prettier-ignore
            .replace(/^(\[[^\]]+\]: )(\S+)$/gm, (_, label, path) => label + absolute(path, false, places)),
    )
    .join('');
}

function main(command) {
  const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  if (command === 'restore') {
    if (existsSync(KEPT)) renameSync(KEPT, README);
    return;
  }
  try {
    const text = packedReadme(readFileSync(existsSync(KEPT) ? KEPT : README, 'utf8'), manifest);
    if (command !== 'write') return;
    if (!existsSync(KEPT)) copyFileSync(README, KEPT);
    writeFileSync(README, text);
  } catch (error) {
    console.error(error.message);
    // A pack to try things out is none to publish
    if (command === 'check' || process.env.npm_command === 'publish') process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2]);
