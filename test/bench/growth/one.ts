import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { CASES, isLoss, workOf } from './cases';

/** `tsx one.ts CASE SIZE SECONDS`: one case at one size in a process of its own; prints its time (of the processor,
 * which others on the machine disturb less) and the memory it took. */
const [which, at, seconds] = process.argv.slice(2).map(Number) as [number, number, number];
const one = CASES[which]!;
const sizes = one.sizes[at]!;
await tf.setBackend('wasm');

const make = workOf(one, sizes);
const before = process.memoryUsage().rss;
const work = await make();
const times: number[] = [];
await work();
const peak = process.resourceUsage().maxRSS * 1024 - before;
// Steps of a training come by the thousand: what they cost when their code is compiled.
if (isLoss(one)) for (const from = performance.now(); performance.now() - from < 2000 * seconds;) await work();
for (const start = performance.now(); times.length < 1 || performance.now() - start < 1000 * seconds;) {
  const from = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(from);
  times.push((user + system) / 1000);
  if (times.length === 200) break;
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({ time: times[times.length >> 1], memory: peak / 2 ** 20 }));
