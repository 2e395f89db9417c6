import { expect } from 'vitest';

/**
 * Every element within `absolute + relative * |expected|`; NaN equals nothing, an infinity equals only itself.
 * (tfjs's own matcher takes NaN for infinity and tolerates 1e-3.)
 */
export function expectClose(
  actual: ArrayLike<number> | number,
  expected: ArrayLike<number> | number,
  { relative = 0, absolute = 1e-6 }: { relative?: number; absolute?: number } = {},
): void {
  const a = typeof actual === 'number' ? [actual] : actual;
  const e = typeof expected === 'number' ? [expected] : expected;
  expect(a.length).toBe(e.length);
  for (let i = 0; i < e.length; i++) {
    const [x, y] = [a[i]!, e[i]!];
    const close = Object.is(x, y) || x === y || Math.abs(x - y) <= absolute + relative * Math.abs(y);
    if (!close) expect.fail(`element ${i}: ${x} is not within ${absolute} + ${relative} * |${y}| of ${y}`);
  }
}
