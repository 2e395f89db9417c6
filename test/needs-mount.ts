import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

/** Mounts a small disk in memory on a folder, or mounts that one anew. */
export function mountDisk(folder: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder], { stdio: 'pipe' });
}

export function unmountDisk(folder: string): void {
  execFileSync('umount', [folder], { stdio: 'pipe' });
}

/** Root of Linux can; root in a container and on macOS often cannot. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-ood-mount-'));
  try {
    mountDisk(folder, 'size=4k');
    unmountDisk(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}

/**
 * Tests on a small disk: skipped, and it says so, for who may not mount one; never where REQUIRE_ROOT is set, as in
 * `.ci/run`.
 */
export function describeOnDisk(name: string, tests: () => void): void {
  const isSkipped = !process.env.REQUIRE_ROOT && !canMount();
  describe.skipIf(isSkipped)(`${name} (mounts a tmpfs, needs root: run as root, as .ci/run does)`, tests);
}
