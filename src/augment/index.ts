export type { SeedOption } from './image-batch';
export { flipHorizontal } from './flip-horizontal';
export { randomCrop } from './random-crop';
export { randomAffine, type RandomAffineOptions } from './random-affine';
export { colourJitter, type ColourJitterOptions } from './colour-jitter';
export { cutout } from './cutout';
