import type { TensorInfo } from '@tensorflow/tfjs-core';
import { convolutionOf, type Shape4D } from './convolution-of';
import { dispatch, spreadGroups, type GpuKernel, type GpuProgram } from './dispatch';
import { inParts, partsOf, STORE, tiledProduct } from './tiled-product';

/** Outside of every image, also after a place of the filter is added. */
const NOWHERE = -(2 ** 30);

/** Where the pixels of the next chunk are, worked out once for all threads: first number of the image, y, x. */
const PIXELS = `
var<workgroup> pixels: array<vec4<i32>, 32>;
fn seePixel(at: i32, pixel: i32) {
  let perImage = given.outHeight * given.outWidth;
  let inImage = pixel % perImage;
  let y = (inImage / given.outWidth) * given.strideY - given.top;
  let x = (inImage % given.outWidth) * given.strideX - given.left;
  pixels[at] = vec4<i32>((pixel / perImage) * given.height * given.width, select(${NOWHERE}, y, pixel < given.depth), x, 0);
}
// Filter's place and channel of a row: dy, dx, channel
fn placeOf(row: i32) -> vec3<i32> {
  let place = row / given.channels;
  let y = (place / given.filterWidth) * given.dilationY;
  return vec3<i32>(select(${NOWHERE}, y, row < given.rows), (place % given.filterWidth) * given.dilationX,
                   row % given.channels);
}
// Index in x of a pixel under a place of the filter, or -1
fn under(pixel: vec4<i32>, place: vec3<i32>) -> i32 {
  let y = pixel.y + place.x;
  let x = pixel.z + place.y;
  let isInside = y >= 0 && y < given.height && x >= 0 && x < given.width;
  return select(-1, (pixel.x + y * given.width + x) * given.channels + place.z, isInside);
}`;

/** Four channels of x at once where their number allows it. */
const LEFT = {
  vector: {
    type: 'array<vec4<f32>>',
    read: `
fn leftAt(pixel: vec4<i32>, place: vec3<i32>) -> vec4<f32> {
  let at = under(pixel, place);
  if (at < 0) { return vec4<f32>(); }
  return x[at / 4];
}`,
    places: 'let places = placeOf(ownRow);',
  },
  single: {
    type: 'array<f32>',
    read: `
fn oneAt(pixel: vec4<i32>, place: vec3<i32>) -> f32 {
  let at = under(pixel, place);
  if (at < 0) { return 0.0; }
  return x[at];
}
fn leftAt(pixel: vec4<i32>, places: array<vec3<i32>, 4>) -> vec4<f32> {
  var four: vec4<f32>;
  for (var j = 0; j < 4; j++) { four[j] = oneAt(pixel, places[j]); }
  return four;
}`,
    places: `var places: array<vec3<i32>, 4>;
  for (var j = 0; j < 4; j++) { places[j] = placeOf(ownRow + j); }`,
  },
};

const RIGHT = {
  vector: {
    type: 'array<vec4<f32>>',
    read: `
fn rightAt(pixel: i32, column: i32) -> vec4<f32> {
  if (pixel >= given.depth || column >= given.columns) { return vec4<f32>(); }
  return dy[(pixel * given.columns + column) / 4];
}`,
  },
  single: {
    type: 'array<f32>',
    read: `
fn rightAt(pixel: i32, column: i32) -> vec4<f32> {
  var four = vec4<f32>();
  if (pixel >= given.depth) { return four; }
  for (var j = 0; j < 4 && column + j < given.columns; j++) { four[j] = dy[pixel * given.columns + column + j]; }
  return four;
}`,
  },
};

function program(leftKind: keyof typeof LEFT, rightKind: keyof typeof RIGHT): GpuProgram {
  const [left, right] = [LEFT[leftKind], RIGHT[rightKind]];
  return {
    name: `Conv2DBackpropFilter ${leftKind} ${rightKind}`,
    writes: ['result: array<f32>'],
    reads: [`x: ${left.type}`, `dy: ${right.type}`],
    sizes: [
      ...['columnTiles', 'chunks', 'rows', 'columns', 'depth', 'channels', 'height', 'width'],
      ...['outHeight', 'outWidth', 'filterWidth', 'top', 'left', 'strideY', 'strideX', 'dilationY', 'dilationX'],
    ],
    code: tiledProduct(
      PIXELS + left.read + right.read + STORE,
      `  let quarter = thread % 16;
  let line = thread / 16;
  let ownRow = firstRow + quarter * 4;
  let ownColumn = firstColumn + quarter * 4;
  ${left.places}
  if (thread < 16) { seePixel(thread, part * given.chunks * 16 + thread); }
  workgroupBarrier();`,
      // The other half of the pixels is read until the next barrier.
      `    let half = (step % 2) * 16;
    for (var at = line; at < 16; at += 4) {
      left[at * 16 + quarter] = leftAt(pixels[half + at], places);
      right[at * 16 + quarter] = rightAt(chunk * 16 + at, ownColumn);
    }
    if (thread < 16) { seePixel(16 - half + thread, (chunk + 1) * 16 + thread); }`,
    ),
  };
}

const kindOf = (channels: number) => (channels % 4 === 0 ? 'vector' : 'single');

/**
 * Filter gradient of a convolution: the product of x, seen through the filter as [filter's places and input channels,
 * pixels], with dy [pixels, output channels]; parts of the pixels are added up after.
 */
export const conv2dFilterGradient: GpuKernel = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const filterShape = attrs.filterShape as Shape4D;
  const info = convolutionOf({ x: x.shape as Shape4D, filter: filterShape, dy }, attrs);
  const { inChannels, outChannels, outHeight, outWidth } = info;
  const rows = info.filterHeight * info.filterWidth * inChannels;
  const depth = info.batchSize * outHeight * outWidth;
  const { columnTiles, tiles, chunks, parts } = partsOf(rows, outChannels, depth);
  return inParts(backend, filterShape, parts, (into) =>
    dispatch(
      backend,
      program(kindOf(inChannels), kindOf(outChannels)),
      [into, x, dy],
      [
        ...[columnTiles, chunks, rows, outChannels, depth, inChannels, info.inHeight, info.inWidth],
        ...[outHeight, outWidth, info.filterWidth, ...info.places],
      ],
      spreadGroups(tiles, parts),
    ),
  );
};
