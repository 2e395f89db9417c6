export type { ImageSet, LabeledImages } from '../core/images';
export { concatImages } from './concat-images';
export type { CifarLabels, CifarOptions, ReadOptions } from './read-options';
export { InflateLimitError, streamInflate, type Inflate } from './inflate';
export { readCifar10 } from './read-cifar10';
export { readCifar10Python, type NamedImages } from './read-cifar10-python';
export { readIdx, readMnist, type IdxArray, type InflateOptions } from './read-idx';
export { readSvhn } from './read-svhn';
export { readPpm, type PpmImage } from './read-ppm';
