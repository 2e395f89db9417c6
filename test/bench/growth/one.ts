import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { CASES, isLoss, timed, workOf } from './cases';

/** `tsx one.ts CASE SIZE SECONDS`: one case at one size in a process of its own; prints its time (of the processor,
 * which others on the machine disturb less) and the memory it took. */
const [which, at, seconds] = process.argv.slice(2).map(Number) as [number, number, number];
const one = CASES[which]!;
const sizes = one.sizes[at]!;
await tf.setBackend('wasm');

const make = workOf(one, sizes);
const before = process.memoryUsage().rss;
const work = await make();
/** Turns until they took so many seconds together, one at least. */
async function turns(most: number): Promise<number[]> {
  const times: number[] = [];
  for (let left = 1000 * most; left > 0 && times.length < 200; left -= times.at(-1)!) times.push(await timed(work));
  return times;
}
const first = await timed(work);
const peak = process.resourceUsage().maxRSS * 1024 - before;
// What is done again and again costs what it does when its code is compiled; "first" is what it costs once.
if (first < 3000 * seconds) await turns((isLoss(one) ? 2 : 1) * seconds);
const times = first < 3000 * seconds ? await turns(seconds) : [first];
times.sort((a, b) => a - b);
console.log(JSON.stringify({ first, time: times[times.length >> 1], memory: peak / 2 ** 20 }));
