import type { Target } from '../target';

const images = () => import('./image-readers');
const folders = () => import('./folder-readers');
const states = () => import('./state-readers');
const parts = () => import('./part-readers');
const onnx = () => import('./onnx-readers');
const blocks = () => import('./block-readers');
const json = () => import('./json-readers');

/** Every reader of bytes from outside, by its name. */
export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  readCifar10: async () => (await images()).cifar10(),
  'readCifar10, CIFAR-100': async () => (await images()).cifar100(),
  readCifar10Python: async () => (await images()).cifar10Python(),
  readIdx: async () => (await images()).idxFiles(),
  readMnist: async () => (await images()).mnist(),
  readPpm: async () => (await images()).ppm(),
  readSvhn: async () => (await images()).svhn(),
  decodeSafetensors: async () => (await states()).safetensors(),
  decodeScorer: async () => (await states()).scorer(),
  loadOutputDetector: async () => (await states()).detector(),
  'ScorerMethod.partialFrom': async () => (await parts()).parts(),
  exposeFeatures: async () => (await onnx()).onnxModels(),
  parquetBlocks: async () => (await blocks()).parquet(),
  arrowBlocks: async () => (await blocks()).arrow(),
  npyBlocks: async () => (await blocks()).npyFiles(),
  npzBlocks: async () => (await blocks()).npz(),
  safetensorsBlocks: async () => (await blocks()).tensors(),
  csvBlocks: async () => (await blocks()).csv(),
  parseEvaluation: async () => (await json()).evaluation(),
  parseCutPoints: async () => (await json()).cutPoints(),
  extractTarGz: async () => (await folders()).tarGz(),
  'loadGtsrb, list': async () => (await folders()).gtsrb(),
  'readImageList, list': async () => (await folders()).imageList(),
  'readImageList, image': async () => (await folders()).image(),
  latestCheckpoint: async () => (await folders()).checkpoint(),
};
