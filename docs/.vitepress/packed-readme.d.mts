interface Manifest {
  repository?: string | { url: string };
  homepage?: string;
  version: string;
}
export const MISSING: string;
export function addresses(manifest: Manifest): { code: string; raw: string; site: string; version: string };
export function packedReadme(text: string, manifest: Manifest): string;
