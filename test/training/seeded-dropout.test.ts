import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { SeededDropout } from 'tfjs-ood/training';
import { onEachBackend } from '../on-each-backend';

onEachBackend('SeededDropout', () => {
  const drop = async (layer: SeededDropout, training = true, size = 400) => {
    const dropped = tf.tidy(() => layer.apply(tf.ones([1, size]), { training }) as tf.Tensor);
    const values = Array.from(await dropped.data());
    dropped.dispose();
    return values;
  };

  it('zeroes the share `rate`, and keeps the mean by scaling the rest', async () => {
    const values = await drop(new SeededDropout({ rate: 0.2, seed: 1 }), true, 20_000);
    expect([...new Set(values)].sort()).toEqual([0, 1.25]);
    const zeros = values.filter((value) => value === 0).length / values.length;
    expect(Math.abs(zeros - 0.2)).toBeLessThan(4 * Math.sqrt(0.16 / values.length));
  });

  it('draws by layer seed, stream and draw, and the same again after a restart', async () => {
    const [layer, other] = [new SeededDropout({ rate: 0.5, seed: 1 }), new SeededDropout({ rate: 0.5, seed: 2 })];
    layer.restart(10);
    other.restart(10);
    const [first, second, elsewhere] = [await drop(layer), await drop(layer), await drop(other)];
    expect(second).not.toEqual(first);
    expect(elsewhere).not.toEqual(first);
    layer.restart(11);
    expect(await drop(layer)).not.toEqual(first);
    layer.restart(10);
    expect([await drop(layer), await drop(layer)]).toEqual([first, second]);
  });

  it('is off in inference and at rate 0, and draws nothing there', async () => {
    const layer = new SeededDropout({ rate: 0.5, seed: 1 });
    const first = await drop(layer);
    layer.restart(0);
    expect(new Set(await drop(layer, false))).toEqual(new Set([1]));
    expect(await drop(layer)).toEqual(first);
    expect(new Set(await drop(new SeededDropout({ rate: 0, seed: 1 })))).toEqual(new Set([1]));
  });

  it('refuses a rate of 1 and a seed that is no integer', () => {
    expect(() => new SeededDropout({ rate: 1, seed: 1 })).toThrow(ArgumentError);
    expect(() => new SeededDropout({ rate: NaN, seed: 1 })).toThrow(ArgumentError);
    expect(() => new SeededDropout({ rate: 0.5, seed: 0.5 })).toThrow(ArgumentError);
  });
});
