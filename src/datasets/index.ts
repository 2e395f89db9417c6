export type { ImageSet, LabeledImages } from '../core/images';
export { concatImages } from './concat-images';
export type { CifarLabels, CifarOptions, InflateOptions, ReadOptions } from './reader-options';
export { InflateLimitError, streamInflate, type Inflate } from './inflate';
export { readCifar10 } from './read-cifar10';
export { readCifar10Python, type NamedImages } from './read-cifar10-python';
export { readIdx, readMnist, type IdxArray } from './read-idx';
export { readSvhn } from './read-svhn';
export { readPpm, type PpmImage } from './read-ppm';
