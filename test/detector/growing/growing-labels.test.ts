import { describe, expect, test } from 'vitest';
import { ArgumentError, ShapeError } from 'tfjs-ood';
import { growingDetector, loadGrowingDetector } from 'tfjs-ood/detector';
import { complaint, rowsOf } from './made-rows';

describe('labels', () => {
  const corners = rowsOf([1, 0], [1, 0.1], [0, 1], [0.1, 1], [0, 0.9]);

  test('the nearest vote, and of equally many the nearest decides', async () => {
    const detector = growingDetector({ alpha: 0.2 });
    await detector.add(corners, ['x', 'x', 'y', 'y', 'z']);
    const [near, far] = await detector.predict(rowsOf([1, 0.05], [-1, -1]));
    expect(near).toMatchObject({ label: 'x', answer: 'x', isOod: false });
    expect(near!.confidences).toEqual({ x: 2 / 3, y: 1 / 3, z: 0 });
    expect(far).toMatchObject({ answer: 'unknown', isOod: true, pValue: 1 / 6 });
    expect(['x', 'y', 'z']).toContain(far!.label);
    // [0, 1] itself is y, [0, 0.9] is z: of two votes one each.
    const tie = growingDetector({ votes: 2, normalize: 'none', alpha: 0.2 });
    await tie.add(corners, ['x', 'x', 'y', 'x', 'z']);
    expect((await tie.predict(rowsOf([0, 0.96], [0, 0.94]))).map(({ label }) => label)).toEqual(['y', 'z']);
  });

  test('numbers, and names that objects have', async () => {
    const numbers = growingDetector({ alpha: 0.4 });
    await numbers.add(corners, Int32Array.of(7, 7, 0, 0, 0));
    expect((await numbers.predict(rowsOf([0, 1])))[0]).toMatchObject({ answer: 0, confidences: { 0: 1, 7: 0 } });
    expect([...numbers.counts()]).toEqual([
      [7, 2],
      [0, 3],
    ]);
    const names = growingDetector({ alpha: 0.4, votes: 9 });
    await names.add(corners, ['__proto__', '__proto__', 'constructor', 'constructor', 'constructor']);
    const [verdict] = await names.predict(rowsOf([0, 1]));
    expect(Object.entries(verdict!.confidences)).toEqual([
      ['__proto__', 0.4],
      ['constructor', 0.6],
    ]);
    expect(verdict!.label).toBe('constructor');
    expect(await (await loadGrowingDetector(names.toBytes())).remove('__proto__')).toBe(2);
  });

  test('one kind of labels, none of them what is answered, one for each row', async () => {
    const detector = growingDetector();
    for (const wrong of ['unknown', -1, 1.5, NaN, -0, null, undefined, {}, true]) {
      const error = await complaint(detector.add(corners, wrong as never));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error!.details).toMatchObject({ where: 'growingDetector.add', what: 'label' });
    }
    expect((await complaint(detector.add(corners, [0, 1, 2, 3, 'unknown'])))!.details.what).toBe('label[4]');
    expect(await complaint(detector.add(corners, [0, 1]))).toBeInstanceOf(ShapeError);
    expect((await complaint(detector.add(corners, [0, 1, 0, 1, '1'])))!.message).toMatch(
      "a number, as the labels before it, got '1'",
    );
    await detector.add(corners, 'a');
    expect((await complaint(detector.add(corners, 3)))!.message).toMatch(
      'label must be a name, as the labels before it, got 3',
    );
    expect(detector.calibration.count).toBe(5);
    await detector.remove('a');
    await detector.add(corners, 3); // and after the last one went, all is as at first
  });

  test('an unknown label is an error that names those that there are', async () => {
    const detector = growingDetector();
    expect((await complaint(detector.remove('a')))!.message).toBe(
      "growingDetector.remove: label must be a label (there is none yet), got 'a'",
    );
    await detector.add(corners, [1, 1, 2, 2, 2]);
    expect((await complaint(detector.remove('1')))!.message).toBe(
      "growingDetector.remove: label must be one of 1, 2, got '1'",
    );
    expect(await complaint(detector.remove(undefined as never))).toBeInstanceOf(ArgumentError);
    expect(detector.calibration.count).toBe(5);
  });
});
