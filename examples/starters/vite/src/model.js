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

/** A picture of four random colors that run into each other, or of noise, as ImageData. */
export function drawn(kind) {
  const side = kind === 'noise' ? 224 : 2;
  const small = new ImageData(side, side);
  small.data.set(small.data.map((_, i) => (i % 4 === 3 ? 255 : 256 * Math.random())));
  const [from, to] = [new OffscreenCanvas(side, side), new OffscreenCanvas(224, 224)];
  from.getContext('2d').putImageData(small, 0, 0);
  const context = to.getContext('2d');
  context.drawImage(from, 0, 0, 224, 224);
  return context.getImageData(0, 0, 224, 224);
}
