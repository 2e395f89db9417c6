import type { TensorInfo } from '@tensorflow/tfjs-core';
import { convolutionOf, type Shape4D } from './convolution-of';
import { dispatch, spreadGroups, type GpuKernel, type GpuProgram } from './dispatch';
import { inParts, partsOf, STORE, tiledProduct } from './tiled-product';

const READ = `
// Before any output, also after a place of the filter is taken away
const NOWHERE = ${-(2 ** 30)};
// Where the pixels of the tile are: first number of the image in dy, y and x, before strides
var<workgroup> pixels: array<vec3<i32>, 64>;
fn seePixel(at: i32, pixel: i32) {
  let perImage = given.height * given.width;
  let inImage = pixel % perImage;
  let y = inImage / given.width + given.top;
  pixels[at] = vec3<i32>((pixel / perImage) * given.outHeight * given.outWidth,
                         select(NOWHERE, y, pixel < given.rows), inImage % given.width + given.left);
}
// Filter's place and output channel: dy, dx, channel, and the number of the place
fn placeOf(k: i32) -> vec4<i32> {
  let place = k / given.outChannels;
  let y = (place / given.filterWidth) * given.dilationY;
  return vec4<i32>(select(-NOWHERE, y, k < given.depth), (place % given.filterWidth) * given.dilationX,
                   k % given.outChannels, place);
}
fn leftAt(pixel: vec3<i32>, place: vec4<i32>) -> f32 {
  let y = pixel.y - place.x;
  let x = pixel.z - place.y;
  if (y < 0 || x < 0 || y % given.strideY != 0 || x % given.strideX != 0) { return 0.0; }
  let outY = y / given.strideY;
  let outX = x / given.strideX;
  if (outY >= given.outHeight || outX >= given.outWidth) { return 0.0; }
  return dy[(pixel.x + outY * given.outWidth + outX) * given.outChannels + place.z];
}
fn rightAt(place: vec4<i32>, column: i32, isInside: bool) -> f32 {
  if (!isInside || column >= given.columns) { return 0.0; }
  return weights[(place.w * given.columns + column) * given.outChannels + place.z];
}`;

const PROGRAM: GpuProgram = {
  name: 'Conv2DBackpropInput',
  writes: ['result: array<f32>'],
  reads: ['dy: array<f32>', 'weights: array<f32>'],
  sizes: [
    ...['columnTiles', 'chunks', 'rows', 'columns', 'depth', 'outChannels', 'height', 'width'],
    ...['outHeight', 'outWidth', 'filterWidth', 'top', 'left', 'strideY', 'strideX', 'dilationY', 'dilationX'],
  ],
  code: tiledProduct(
    READ + STORE,
    `  let ownPlace = thread % 16;
  let line = thread / 16;
  seePixel(thread, firstRow + thread);
  workgroupBarrier();`,
    `    let k = chunk * 16 + ownPlace;
    let place = placeOf(k);
    let isInside = k < given.depth;
    for (var at = line; at < 16; at += 4) {
      var four: vec4<f32>;
      for (var j = 0; j < 4; j++) { four[j] = leftAt(pixels[at * 4 + j], place); }
      left[ownPlace * 16 + at] = four;
      for (var j = 0; j < 4; j++) { four[j] = rightAt(place, firstColumn + at * 4 + j, isInside); }
      right[ownPlace * 16 + at] = four;
    }`,
  ),
};

/**
 * Input gradient of a convolution: the product of dy, seen through the filter as [input pixels, filter's places and
 * output channels], with the filter [these, input channels].
 */
export const conv2dInputGradient: GpuKernel = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const inputShape = attrs.inputShape as Shape4D;
  const info = convolutionOf({ x: inputShape, filter: filter.shape as Shape4D, dy }, attrs);
  const rows = info.batchSize * info.inHeight * info.inWidth;
  const depth = info.filterHeight * info.filterWidth * info.outChannels;
  const { columnTiles, tiles, chunks, parts } = partsOf(rows, info.inChannels, depth);
  return inParts(backend, inputShape, parts, (into) =>
    dispatch(
      backend,
      PROGRAM,
      [into, dy, filter],
      [
        ...[columnTiles, chunks, rows, info.inChannels, depth, info.outChannels, info.inHeight, info.inWidth],
        ...[info.outHeight, info.outWidth, info.filterWidth, ...info.places],
      ],
      spreadGroups(tiles, parts),
    ),
  );
};
