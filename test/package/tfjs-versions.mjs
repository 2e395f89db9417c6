// The oldest and the newest tfjs that the peer range lets in. The range is what this has shown: 4.5 lacks AvgPoolGrad
// on wasm.
import { check } from './check.mjs';
import { execute } from './install.mjs';
import { checkTypes } from './types.mjs';

/** Versions to install: the lower end of the range, and the newest of its major version. */
export function tfjsVersions({ peerDependencies }) {
  const ranges = Object.entries(peerDependencies).filter(([name]) => name.startsWith('@tensorflow/'));
  const oldest = new Set(ranges.map(([, range]) => range.replace('^', '')));
  if (oldest.size !== 1) throw new Error(`the tfjs peers begin at several versions: ${[...oldest].join(', ')}`);
  const [version] = oldest;
  return { oldest: version, newest: version.split('.')[0] };
}

export async function checkTfjs(folder, version) {
  await check(`tfjs ${version}: loss, training steps, class means, scorers, detectors`, async () => {
    await execute(process.execPath, ['smoke.mjs'], { cwd: folder });
  });
  await checkTypes(folder, version);
}
