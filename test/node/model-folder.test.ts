import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { energy } from 'tfjs-ood/scorers';
import { fitDetector, loadDetector } from 'tfjs-ood/detector';
import { detectorFile, modelFolder, StorageError } from 'tfjs-ood/node';
import { graphModel } from '../detector/graph-model';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
beforeAll(() => tf.setBackend('cpu'));

const classifier = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 6, 1], filters: 2, kernelSize: 3, activation: 'relu' }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
const images = () => tf.randomUniform([60, 6, 6, 1], 0, 1, 'float32', 5);
const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
const predicted = async (model: { predict(x: tf.Tensor): unknown }) => {
  const x = images();
  return [...(await (model.predict(x) as tf.Tensor).data())];
};

describe('a model in a folder', () => {
  test('a LayersModel and its detector, saved and loaded in plain Node, over older ones too', async () => {
    const folder = join(place(), 'below', 'model');
    for (let time = 0; time < 2; time++) {
      const model = classifier();
      const detector = await fitDetector(model, { images: images(), labels }, { scorer: energy() });
      await model.save(modelFolder(folder));
      await detector.save(detectorFile(join(folder, 'detector.safetensors')));
      expect((await readdir(folder)).sort()).toEqual(['detector.safetensors', 'model.json', 'weights.bin']);
      // 3 * 3 * 2 + 2 of the convolution, 4 * 4 * 2 * 3 + 3 of the dense layer, 4 bytes each
      expect((await readFile(join(folder, 'weights.bin'))).length).toBe(4 * (18 + 2 + 96 + 3));
      const again = await tfl.loadLayersModel(modelFolder(folder));
      expect(await predicted(again)).toEqual(await predicted(model));
      const loaded = await loadDetector(again, join(folder, 'detector.safetensors'), { scorer: energy() });
      expect(await loaded.predict(images())).toEqual(await detector.predict(images()));
    }
    const json = JSON.parse(String(await readFile(join(folder, 'model.json')))) as Record<string, unknown>;
    expect(json).toMatchObject({ format: 'layers-model', weightsManifest: [{ paths: ['weights.bin'] }] });
  });
  test('a file of another name, saved and loaded by its path', async () => {
    const [folder, model] = [join(place(), 'named'), classifier()];
    await model.save(modelFolder(join(folder, 'Cats.JSON')));
    expect((await readdir(folder)).sort()).toEqual(['Cats.JSON', 'weights.bin']);
    const again = await tfl.loadLayersModel(modelFolder(join(folder, 'Cats.JSON')));
    expect(await predicted(again)).toEqual(await predicted(model));
    await expect(tfl.loadLayersModel(modelFolder(join(folder, 'dogs.json')))).rejects.toThrow(/dogs\.json/);
  });

  test('what belongs to a training goes along', async () => {
    const folder = place();
    const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [2], units: 1 })] });
    model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
    model.setUserDefinedMetadata({ classes: ['a', 'b'] });
    const saved = await model.save(modelFolder(folder), { includeOptimizer: true });
    expect(saved.modelArtifactsInfo.weightDataBytes).toBe((await readFile(join(folder, 'weights.bin'))).length);
    const again = await tfl.loadLayersModel(modelFolder(folder));
    expect(again.getUserDefinedMetadata()).toEqual({ classes: ['a', 'b'] });
    expect(again.loss).toBe('meanSquaredError');
  });

  test('a GraphModel', async () => {
    const folder = place();
    const model = await graphModel();
    await model.save(modelFolder(folder));
    const again = await loadGraphModel(modelFolder(folder));
    expect(await predicted(again)).toEqual(await predicted(model));
  });
});

/** A model as other tools write it: weights in several shards, of which one ends within a number, in two groups. */
async function sharded(change: (json: { weightsManifest: unknown }) => unknown = (json) => json): Promise<string> {
  const folder = place();
  const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [3], units: 2, name: 'd' })] });
  model.setWeights([tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), tf.tensor1d([7, 8])]);
  await model.save(modelFolder(folder));
  const json = JSON.parse(String(await readFile(join(folder, 'model.json')))) as {
    weightsManifest: [{ weights: [object, object] }];
  };
  const bytes = await readFile(join(folder, 'weights.bin'));
  await mkdir(join(folder, 'more'));
  await writeFile(join(folder, 'group1-shard1of2.bin'), bytes.subarray(0, 10));
  await writeFile(join(folder, 'group1-shard2of2.bin'), bytes.subarray(10, 24));
  await writeFile(join(folder, 'more', 'group2-shard1of1.bin'), bytes.subarray(24));
  const [kernel, bias] = json.weightsManifest[0].weights;
  const weightsManifest = [
    { paths: ['group1-shard1of2.bin', './group1-shard2of2.bin'], weights: [kernel] },
    { paths: ['more/group2-shard1of1.bin'], weights: [bias] },
  ];
  await writeFile(join(folder, 'model.json'), JSON.stringify(change({ ...json, weightsManifest })));
  return folder;
}

describe('what others wrote', () => {
  test('several shards and groups; a mark of byte order; further files', async () => {
    const folder = await sharded();
    await writeFile(join(folder, 'metadata.json'), '{"labels":["a","b"]}'); // as Teachable Machine does
    const text = await readFile(join(folder, 'model.json'));
    await writeFile(join(folder, 'model.json'), `\ufeff${text.toString()}`);
    const model = await tfl.loadLayersModel(modelFolder(folder));
    const x = tf.tensor2d([1, 10, 100], [1, 3]);
    // By hand: [1, 10, 100] [[1, 2], [3, 4], [5, 6]] + [7, 8]
    expect([...(await (model.predict(x) as tf.Tensor).data())]).toEqual([538, 650]);
  });

  test('quantized weights are as long as their bytes', async () => {
    const folder = place();
    await mkdir(folder);
    const topology = tfl.sequential({
      layers: [tfl.layers.dense({ inputShape: [2], units: 1, name: 'q', useBias: false })],
    });
    const weights = [
      { name: 'q/kernel', shape: [2, 1], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: 1 } },
    ];
    const weightsManifest = [{ paths: ['weights.bin'], weights }];
    const modelTopology = topology.toJSON(null, false);
    await writeFile(join(folder, 'model.json'), JSON.stringify({ modelTopology, weightsManifest }));
    await writeFile(join(folder, 'weights.bin'), Uint8Array.of(2, 4));
    const model = await tfl.loadLayersModel(modelFolder(folder));
    expect([...(await model.getWeights()[0]!.data())]).toEqual([2, 3]); // 0.5 * 2 + 1, 0.5 * 4 + 1
  });
});

describe('what is refused, by the name of the file', () => {
  const refused = async (folder: string, file: string, message: string) => {
    const loaded = modelFolder(folder).load!();
    await expect(loaded).rejects.toThrow(FormatError);
    await expect(loaded).rejects.toThrow(`modelFolder: ${join(folder, file)}`);
    await expect(loaded).rejects.toThrow(message);
  };

  test('files that are missing, broken, short or long', async () => {
    await refused(place('nowhere'), 'model.json', 'must be a file that can be read, got ENOENT');
    let folder = await sharded();
    await writeFile(join(folder, 'more', 'group2-shard1of1.bin'), Buffer.alloc(7));
    await refused(folder, 'more/group2-shard1of1.bin', 'must be 8 bytes of weights, as model.json says, got 7 bytes');
    await writeFile(join(folder, 'more', 'group2-shard1of1.bin'), Buffer.alloc(9));
    await refused(folder, 'more/group2-shard1of1.bin', 'got 9 bytes');
    folder = await sharded();
    await writeFile(join(folder, 'group1-shard2of2.bin'), Buffer.alloc(13));
    await refused(
      folder,
      'group1-shard1of2.bin',
      `group1-shard2of2.bin must be 24 bytes of weights, as model.json says`,
    );
    folder = await sharded();
    await writeFile(join(folder, 'model.json'), '{"modelTopology": ');
    await refused(folder, 'model.json', 'must be JSON');
    folder = await sharded();
    await mkdir(join(folder, 'as-model'));
    await symlink(folder, join(folder, 'as-model', 'model.json'));
    await refused(join(folder, 'as-model'), 'model.json', 'must be a regular file');
  });

  test.each([
    '../weights.bin',
    'a/../../weights.bin',
    '/etc/passwd',
    'C:\\weights.bin',
    'a\\b',
    'http://host/w',
    '',
    5,
  ])('a path of %j', async (path) => {
    const folder = await sharded((json) => ({ ...json, weightsManifest: [{ paths: [path], weights: [] }] }));
    await refused(folder, 'model.json', 'weightsManifest[0].paths[0] must be a path below the folder');
  });

  test('another kind of JSON', async () => {
    const group = (weights: unknown) => ({ weightsManifest: [{ paths: [], weights }] });
    const wrong: [object | null, string][] = [
      [null, 'what it holds must be an object'],
      [{ modelTopology: 'x' }, 'modelTopology must be an object'],
      [{ weightsManifest: undefined }, 'weightsManifest must be a list, got undefined'],
      [{ weightsManifest: [7] }, 'weightsManifest[0].paths must be a list'],
      [group({}), 'weightsManifest[0].weights must be a list'],
      [group([{ name: 'a', shape: [2] }]), 'weightsManifest[0].weights[0] must be a name, a shape and a known dtype'],
      [group([{ name: 'a', shape: [-1], dtype: 'float32' }]), 'weights[0] must be'],
      [group([{ name: 'a', shape: [1], dtype: 'toString' }]), 'weights[0] must be'],
      [group([{ name: 'a', shape: [1], dtype: 'float32' }]), 'must be 4 bytes of weights'],
    ];
    for (const [change, message] of wrong) {
      const folder = await sharded((json) => change && { ...json, ...change });
      await refused(folder, 'model.json', message);
    }
  });

  test('a place that cannot be written, and no folder at all', async () => {
    const file = place();
    await writeFile(file, 'a file');
    await expect(classifier().save(modelFolder(join(file, 'below')))).rejects.toThrow(StorageError);
    expect(() => modelFolder(undefined as never)).toThrow(ArgumentError);
  });
});
