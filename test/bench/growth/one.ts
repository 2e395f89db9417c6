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
/** Milliseconds of the processor, of which a busy machine gives fewer a second. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const from = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}
/** Turns until they took so many seconds together, one at least. */
async function turns(most: number): Promise<number[]> {
  const times: number[] = [];
  for (let left = 1000 * most; left > 0 && times.length < 200; left -= times.at(-1)!) times.push(await timed(work));
  return times;
}
const first = await timed(work);
const peak = process.resourceUsage().maxRSS * 1024 - before;
// Steps of a training come by the thousand: what they cost when their code is compiled.
if (isLoss(one)) await turns(2 * seconds);
const times = first < 3000 * seconds ? await turns(seconds) : [first];
times.sort((a, b) => a - b);
console.log(JSON.stringify({ time: times[times.length >> 1], memory: peak / 2 ** 20 }));
