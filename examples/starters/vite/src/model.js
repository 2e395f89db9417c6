import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.wasm?url';
import { load } from 'nsfwjs/core';
import { MobileNetV2Model } from 'nsfwjs/models/mobilenet_v2';

async function start() {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plain,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  });
  await tf.setBackend('wasm');
  return (await load('MobileNetV2', { modelDefinitions: [MobileNetV2Model] })).model;
}

let model;
/** A MobileNet that an npm package holds with its weights; put your own model here. */
export const loadModel = () => (model ??= start());

/** Four random colors that run into each other, or noise, as ImageData. */
export function drawn(kind) {
  const side = 224;
  const picture = new ImageData(side, side);
  const corners = Array.from({ length: 2 }, () => Array.from({ length: 2 }, () => [0, 0, 0].map(() => Math.random())));
  const mix = (from, to, share) => from + (to - from) * Math.min(1, (2 * share) / side);
  for (let at = 0; at < picture.data.length; at++) {
    const [channel, x, y] = [at % 4, (at >> 2) % side, Math.floor(at / 4 / side)];
    const [top, bottom] = corners.map(([left, right]) => mix(left[channel], right[channel], x));
    const value = kind === 'noise' ? Math.random() : mix(top, bottom, y);
    picture.data[at] = channel === 3 ? 255 : 256 * value;
  }
  return picture;
}
