import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { measuredLaws } from './laws';

/** The lines of all laws, each as soon as it is known. */
await tf.setBackend('wasm');
for await (const line of measuredLaws()) console.log(line);
