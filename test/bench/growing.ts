import { growingDetector } from 'tfjs-ood/detector';
import { seededRandom } from 'tfjs-ood';

export const title = 'a growing detector of 1,000 x 512: add, predict, remove (wanted: add below 5 ms)';

const [COUNT, SIZE, TIMES] = [1000, 512, 201];

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!;

export async function run(): Promise<string[]> {
  const random = seededRandom(1);
  const rows = (count: number) => ({
    data: Float32Array.from({ length: count * SIZE }, () => random.normal()),
    shape: [count, SIZE] as const,
  });
  const lines: string[] = [];
  for (const k of [1, 10]) {
    const detector = growingDetector({ k });
    const known = rows(COUNT);
    const start = performance.now();
    await detector.add(
      known,
      Array.from({ length: COUNT }, (_, i) => `class ${i % 10}`),
    );
    const whole = performance.now() - start;
    const times: Record<'add' | 'predict' | 'remove', number[]> = { add: [], predict: [], remove: [] };
    for (let i = 0; i < TIMES; i++) {
      const one = rows(1);
      const before = performance.now();
      await detector.predict(one);
      const predicted = performance.now();
      await detector.add(one, 'new');
      const added = performance.now();
      await detector.remove('new');
      times.remove.push(performance.now() - added);
      times.add.push(added - predicted);
      times.predict.push(predicted - before);
    }
    const parts = Object.entries(times).map(
      ([name, all]) => `${name} one ${median(all).toFixed(2)} ms (at best ${Math.min(...all).toFixed(2)})`,
    );
    const bytes = detector.toBytes().length;
    lines.push(`k = ${k}: ${parts.join(', ')}; ${COUNT} added at once ${whole.toFixed(0)} ms; saved ${bytes} bytes`);
  }
  return lines;
}
