import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, FormatError } from 'tfjs-ood';
import { nearestClassMean } from 'tfjs-ood/scorers';
import { fitDetector, loadDetector } from 'tfjs-ood/detector';
import { detectorFile } from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const PYTHON = `
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
size = struct.unpack('<Q', data[:8])[0]
header = json.loads(data[8:8 + size])
begin, end = header['calibration']['data_offsets']
assert header['calibration']['dtype'] == 'F64' and header['__metadata__']['kind'] == 'nearest-class-mean'
scores = struct.unpack('<%dd' % ((end - begin) // 8), data[8 + size + begin:8 + size + end])
print(json.dumps(scores))
`;

test('a detector in one file, whole, that Python reads too', async () => {
  await tf.setBackend('cpu');
  const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [2], units: 2, useBias: false })] });
  const rows = Array.from({ length: 40 }, (_, i) => [i % 2, (i * 7) % 5]);
  const images = tf.tensor2d(rows);
  const labels = rows.map(([label]) => label!);
  const detector = await fitDetector(model, { images, labels }, { scorer: nearestClassMean() });

  const folder = place();
  await mkdir(folder);
  const file = join(folder, 'detector.safetensors');
  await detector.save(detectorFile(file));
  expect(await readdir(folder)).toEqual(['detector.safetensors']);
  expect(new Uint8Array(await readFile(file))).toEqual(detector.toBytes());
  const again = await loadDetector(model, detectorFile(file), { scorer: nearestClassMean() });
  expect(await again.predict(images)).toEqual(await detector.predict(images));
  const byPath = await loadDetector(model, file, { scorer: nearestClassMean() });
  expect(byPath.toBytes()).toEqual(detector.toBytes());
  byPath.dispose();
  if (existsSync('/usr/bin/python3')) {
    const scores = JSON.parse(execFileSync('/usr/bin/python3', ['-c', PYTHON, file]).toString()) as number[];
    expect(scores).toEqual([...decodeSafetensors(detector.toBytes()).tensors.calibration!.data]);
  }

  // Small files come in a Buffer of Node's pool: only their own bytes count.
  for (const size of [0, 7]) {
    await writeFile(join(folder, 'small'), Buffer.alloc(size, 1));
    const { weightData } = await detectorFile(join(folder, 'small')).load!();
    expect(new Uint8Array(weightData as ArrayBuffer)).toEqual(new Uint8Array(size).fill(1));
  }

  await expect(model.save(detectorFile(join(folder, 'model')))).rejects.toThrow(
    'a detector (a model is saved through tfjs)',
  );
  await expect(detector.save(detectorFile(join(folder, 'no', 'such', 'folder')))).rejects.toThrow('no');
  await expect(
    loadDetector(model, detectorFile(join(folder, 'missing')), { scorer: nearestClassMean() }),
  ).rejects.toThrow('ENOENT');
  for (const [path, message] of [
    [join(folder, 'missing.safetensors'), 'ENOENT'],
    [folder, 'a folder, pipe or device'],
  ] as const) {
    const loaded = loadDetector(model, path, { scorer: nearestClassMean() });
    await expect(loaded).rejects.toThrow(ArgumentError);
    await expect(loaded).rejects.toThrow(
      `source must be the path of a file that can be read, got '${path}' (${message}`,
    );
  }
  await expect(loadDetector(model, `file://${file}`, { scorer: nearestClassMean() })).rejects.toThrow(
    "detectorFile('detector.safetensors') of tfjs-ood/node",
  );
  await expect(detector.save(file)).rejects.toThrow("detectorFile('detector.safetensors') of tfjs-ood/node");
  await writeFile(join(folder, 'other.txt'), 'something else');
  await expect(loadDetector(model, join(folder, 'other.txt'), { scorer: nearestClassMean() })).rejects.toThrow(
    FormatError,
  );
  detector.dispose();
  again.dispose();
});
