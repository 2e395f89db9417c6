/** What package.json may say of where the project lives. */
export interface Manifest {
  readonly homepage?: string;
  readonly repository?: string | { readonly url: string };
}

const isWeb = (address: string | undefined): address is string => /^https:\/\/[^\s"'<>&]+$/.test(address ?? '');

/** The page of a repository: npm allows `owner/name`, `github:owner/name` and addresses for git. */
function repositoryPage(repository: Manifest['repository']): string | undefined {
  const given = typeof repository === 'object' ? repository.url : repository;
  const short = /^(?:github:)?([\w.-]+\/[\w.-]+)$/.exec(given ?? '')?.[1];
  return short ? `https://github.com/${short}` : given?.replace(/^git\+/, '').replace(/\.git$/, '');
}

/** Links to documentation and code as HTML, each only where package.json says where it is; else an empty text. */
export function projectLinks({ homepage, repository }: Manifest): string {
  const links = [
    ['Documentation', homepage],
    ['Code', repositoryPage(repository)],
  ] as const;
  const written = links.flatMap(([name, address]) => (isWeb(address) ? [`<a href="${address}">${name}</a>`] : []));
  return written.length > 0 ? `<nav aria-label="Project">${written.join(' ')}</nav>` : '';
}
