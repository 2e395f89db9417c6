import { seededRandom } from 'tfjs-ood';
import { describe, expect, test } from 'vitest';
import { principalComponents, project } from '../../src/report/points/principal-components';

const random = seededRandom(4);

/** Rows stretched along three known directions, far from the origin. */
function stretched(rows: number, size: number) {
  const axes = [0, 1, 2].map((k) => {
    const axis = Float64Array.from({ length: size }, (_, d) => (d % 3 === k ? 1 : 0));
    const length = Math.hypot(...axis);
    return axis.map((value) => value / length);
  });
  const data = new Float32Array(rows * size);
  for (let r = 0; r < rows; r++) {
    const along = [9 * random.normal(), 4 * random.normal(), 2 * random.normal()];
    for (let d = 0; d < size; d++) {
      data[r * size + d] = 100 + 0.01 * random.normal() + axes.reduce((sum, axis, k) => sum + along[k]! * axis[d]!, 0);
    }
  }
  return { data, axes };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

describe.each([
  [6, 500],
  [60, 500],
  [900, 300], // more features than the exact way takes
])('%i features of %i rows', (size, rows) => {
  const { data, axes } = stretched(rows, size);
  const components = principalComponents(data, size, 3);

  test('finds the directions in which the rows are stretched, the longest first', () => {
    components.directions.forEach((direction, k) => {
      expect(Math.abs(dot(direction, axes[k]!))).toBeGreaterThan(0.98);
      expect(Math.hypot(...direction)).toBeCloseTo(1, 10);
      expect(Math.max(...direction)).toBeGreaterThan(-Math.min(...direction) - 1e-12);
    });
    expect(dot(components.directions[0]!, components.directions[1]!)).toBeCloseTo(0, 8);
    const expected = [81, 16, 4].map((variance) => variance / 101);
    components.shares.forEach((share, k) => expect(Math.abs(share - expected[k]!)).toBeLessThan(0.06));
  });

  test('the places of the rows have mean 0 and the variance of their share', () => {
    const places = project(data, size, components);
    for (let k = 0; k < 3; k++) {
      const along = Array.from({ length: rows }, (_, r) => places[3 * r + k]!);
      const mean = along.reduce((a, b) => a + b, 0) / rows;
      expect(Math.abs(mean)).toBeLessThan(1);
      const variance = along.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rows - 1);
      expect(variance / [81, 16, 4][k]!).toBeGreaterThan(0.7);
      expect(variance / [81, 16, 4][k]!).toBeLessThan(1.4);
    }
  });
});

test('equal rows have no direction and no share', () => {
  const { shares } = principalComponents(new Float32Array(12).fill(3), 4, 3);
  expect(shares).toEqual([0, 0, 0]);
});
