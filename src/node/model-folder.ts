import { dirname, join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core'; // types only: this entry does without tfjs
import { check, TEXT } from '../core/check';
import { FormatError } from '../core/errors';
import { isRecord } from '../core/saved/json';
import { makeFolder } from './make-folder';
import { readWholeFile } from './read-regular-file';
import { asStorageError, isSystemError } from './storage-error';
import { writeFileAtomic } from './write-file-atomic';

const WHERE = 'modelFolder';
const MODEL = 'model.json';
const WEIGHTS = 'weights.bin';

/** Bytes of a number as it stands in the file; strings have no length of their own. */
const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/** What stands in a model.json beside topology and weights, and goes through as it is. */
const REST = [
  'format',
  'generatedBy',
  'convertedBy',
  'trainingConfig',
  'signature',
  'userDefinedMetadata',
  'modelInitializer',
  'initializerSignature',
] as const;

type Rest = Partial<Pick<io.ModelArtifacts, (typeof REST)[number]>>;
const restOf = (given: Rest | Record<string, unknown>): Rest =>
  Object.fromEntries(REST.filter((name) => given[name] != null).map((name) => [name, given[name]]));

async function readPart(file: string): Promise<Buffer> {
  return readWholeFile(WHERE, file).catch((error: unknown) => {
    if (!isSystemError(error)) throw error;
    throw new FormatError(WHERE, file, 'a file that can be read', error.message);
  });
}

/** Whether a path of a manifest stays below its folder, on every system. */
const isBelow = (path: unknown): path is string =>
  typeof path === 'string' && path !== '' && !/^\/|[\\:\0]/.test(path) && !path.split('/').includes('..');

const isLength = (side: unknown) => Number.isSafeInteger(side) && (side as number) >= 0;

/** Bytes of a weight; undefined for strings. */
function bytesOf({ dtype, shape, quantization }: io.WeightsManifestEntry): number | undefined {
  const width = BYTES[quantization?.dtype ?? dtype];
  return width === undefined ? undefined : shape.reduce((product, side) => product * side, width);
}

function isWeight(value: unknown): value is io.WeightsManifestEntry {
  if (!isRecord(value) || typeof value.name !== 'string') return false;
  const { shape, dtype, quantization } = value;
  const isKnown = (type: unknown) => typeof type === 'string' && (type === 'string' || Object.hasOwn(BYTES, type));
  const isQuantized = quantization === undefined || (isRecord(quantization) && isKnown(quantization.dtype));
  return Array.isArray(shape) && shape.every(isLength) && isKnown(dtype) && isQuantized;
}

/** The model.json, checked as far as its files go. */
async function readModelJson(file: string) {
  const text = (await readPart(file)).toString('utf8').replace(/^\ufeff/, '');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FormatError(WHERE, file, 'JSON', (error as Error).message);
  }
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new FormatError(WHERE, `${file}: ${what}`, expected, received);
  };
  if (!isRecord(json)) return refuse('what it holds', 'an object', json);
  const { modelTopology, weightsManifest } = json;
  if (!isRecord(modelTopology)) return refuse('modelTopology', 'an object', modelTopology);
  if (!Array.isArray(weightsManifest)) return refuse('weightsManifest', 'a list', weightsManifest);
  const groups = weightsManifest.map((group: unknown, i) => {
    const { paths, weights } = isRecord(group) ? group : {};
    const at = `weightsManifest[${i}]`;
    if (!Array.isArray(paths)) return refuse(`${at}.paths`, 'a list', paths);
    if (!Array.isArray(weights)) return refuse(`${at}.weights`, 'a list', weights);
    const outside = paths.findIndex((path) => !isBelow(path));
    if (outside >= 0) refuse(`${at}.paths[${outside}]`, 'a path below the folder', paths[outside]);
    const wrong = weights.findIndex((weight) => !isWeight(weight));
    if (wrong >= 0) refuse(`${at}.weights[${wrong}]`, 'a name, a shape and a known dtype', weights[wrong]);
    return { paths: paths as string[], weights: weights as io.WeightsManifestEntry[] };
  });
  return { modelTopology, groups, rest: restOf(json) };
}

/** The shards of a group, one after the other, as long as its weights are. */
async function readGroup(folder: string, { paths, weights }: { paths: string[]; weights: io.WeightsManifestEntry[] }) {
  const files = paths.map((path) => join(folder, path));
  const shards: Buffer[] = [];
  for (const file of files) shards.push(await readPart(file));
  const sizes = weights.map(bytesOf);
  const isOpen = sizes.includes(undefined);
  const wanted = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const there = shards.reduce((sum, { length }) => sum + length, 0);
  if (isOpen ? there < wanted : there !== wanted) {
    const expected = `${isOpen ? 'at least ' : ''}${wanted} bytes of weights, as ${MODEL} says`;
    throw new FormatError(WHERE, files.join(', ') || join(folder, MODEL), expected, `${there} bytes`);
  }
  return shards;
}

/**
 * A folder for a model: `model.json` and `weights.bin` in the standard format of tfjs, for `model.save`,
 * `loadLayersModel` and `loadGraphModel` in plain Node.
 *
 * Reads also what Python's converter and Teachable Machine write, weights in several shards too. Each file is written
 * aside and renamed, the weights first, so that none is half-written.
 *
 * @param given the folder; or the path of the `.json` itself, where it has another name than `model.json`
 * @throws FormatError naming the file that is missing, no JSON, outside the folder or not as long as its weights;
 *   StorageError where it cannot be written
 * @example
 * await model.save(modelFolder('model'));
 * const again = await tfl.loadLayersModel(modelFolder('model'));
 */
export function modelFolder(given: string): io.IOHandler {
  check(WHERE, 'folder', given, TEXT);
  const isFile = given.toLowerCase().endsWith('.json');
  const [folder, file] = isFile ? [dirname(given), given] : [given, join(given, MODEL)];
  return {
    async save({ modelTopology, weightSpecs = [], weightData = [], ...others }) {
      if (!isRecord(modelTopology)) {
        throw new FormatError(WHERE, file, 'a model with its topology as JSON', modelTopology ?? 'none');
      }
      const weights = Buffer.concat([weightData].flat().map((part) => new Uint8Array(part)));
      const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }];
      const json = JSON.stringify({ modelTopology, ...restOf(others), weightsManifest });
      await makeFolder(folder).catch((error: unknown) => {
        throw asStorageError(WHERE, folder, error);
      });
      await writeFileAtomic(join(folder, WEIGHTS), weights);
      await writeFileAtomic(file, json);
      return {
        modelArtifactsInfo: {
          dateSaved: new Date(),
          modelTopologyType: 'JSON',
          modelTopologyBytes: Buffer.byteLength(JSON.stringify(modelTopology)),
          weightSpecsBytes: Buffer.byteLength(JSON.stringify(weightSpecs)),
          weightDataBytes: weights.length,
        },
      };
    },
    async load() {
      const { modelTopology, groups, rest } = await readModelJson(file);
      const shards: Buffer[] = [];
      for (const group of groups) shards.push(...(await readGroup(folder, group)));
      const bytes = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0)); // Buffer's own may be larger
      let at = 0;
      for (const shard of shards) {
        bytes.set(shard, at);
        at += shard.length;
      }
      return {
        modelTopology,
        weightSpecs: groups.flatMap(({ weights }) => weights),
        weightData: bytes.buffer,
        ...rest,
      };
    },
  };
}
