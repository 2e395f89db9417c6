export type { SeedOption } from './image-batch';
export { flipHorizontal } from './flip-horizontal';
export { randomCrop } from './random-crop';
export { randomAffine, type RandomAffineOptions } from './random-affine';
export { colorJitter, type ColorJitterOptions } from './color-jitter';
export { cutout } from './cutout';
