import { createRequire } from 'node:module';
import { CliError } from '../cli-error';

/** Whether a package can be imported from here: it lies beside this one, as `npx -p` and `npm install` put it. */
function isThere(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND'; // it may be for `import` alone
  }
}

/** What a command was called with, for the line that brings what it lacks. */
export interface CalledWith {
  readonly command: string;
  readonly args: readonly string[];
}

const quoted = (arg: string): string => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`);

/**
 * Throws unless the packages are there, with the lines that bring them. Each is a name, or several of which one will
 * do; the last of them is the one to install.
 */
export function requirePackages(
  { command, args }: CalledWith,
  packages: readonly (string | readonly string[])[],
  found: (name: string) => boolean = isThere,
): void {
  const missing = packages.filter((names) => ![names].flat().some(found)).map((names) => [names].flat().at(-1)!);
  if (missing.length === 0) return;
  const all = packages.map((names) => [names].flat().find(found) ?? [names].flat().at(-1)!);
  const brought = [...new Set(['tfjs-ood', ...all])].map((name) => `-p ${name}`).join(' ');
  throw new CliError(
    `${command} needs what is not installed here: ${missing.join(', ')}. This line brings it for once:\n\n` +
      `  npx ${brought} tfjs-ood ${args.map(quoted).join(' ')}\n\n` +
      `and in a project that has tfjs-ood: npm install ${missing.join(' ')}`,
  );
}

/** The first of some packages that is there; they have been required. */
export const presentPackage = (...names: readonly string[]): string => names.find(isThere) ?? names.at(-1)!;
