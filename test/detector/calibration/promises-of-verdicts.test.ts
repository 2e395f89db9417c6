import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { conformalThreshold, decodeSafetensors, encodeSafetensors, FormatError, seededRandom } from 'tfjs-ood';
import { fitDetector, fitOutputDetector, loadDetector, loadOutputDetector } from 'tfjs-ood/detector';
import { energy, nearestNeighbors } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';

const C = 3;

/** Logits that are right in most rows, too sure of it, and their labels. */
function classified(count: number, seed: number) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, () => random.integer(C));
  const data = Float32Array.from({ length: count * C }, (_, at) => {
    const isOwn = at % C === labels[Math.floor(at / C)];
    return 4 * ((isOwn ? 1 : 0) + random.normal());
  });
  return { logits: { data, shape: [count, C] as const }, labels };
}

/** Softmax at a temperature, by a loop. */
function softmax(row: ArrayLike<number>, temperature: number): number[] {
  const all = Array.from(row, (z) => Math.exp(z / temperature));
  const sum = all.reduce((a, b) => a + b);
  return all.map((value) => value / sum);
}

describe('label sets', () => {
  const options = { scorer: energy(), labelSets: { alpha: 0.1, share: 0.4 }, classNames: ['a', 'b', 'c'] };

  test('one call gives set, probability, p-value and verdict; the set holds the class as often as promised', async () => {
    const detector = await fitOutputDetector(classified(1500, 1), options);
    const fresh = classified(4000, 2);
    const verdicts = await detector.predict({ logits: fresh.logits });
    const { temperature, sets } = detector.state.labelSets!;
    expect(temperature).toBeGreaterThan(1.5); // they were too sure
    expect(sets.scores).toHaveLength(300);
    const largest = [...sets.scores][Math.ceil(0.9 * 301) - 1]!;
    let held = 0;
    verdicts.forEach(({ label, probability, labelSet, pValue, isOod }, row) => {
      const shares = softmax(fresh.logits.data.subarray(row * C, (row + 1) * C), temperature);
      expect(probability).toBeCloseTo(Math.max(...shares), 9);
      expect(label).toBe(options.classNames[shares.indexOf(Math.max(...shares))]);
      // LAC by hand: classes with 1 - p at most the threshold
      const wanted = options.classNames.filter((_, c) => 1 - shares[c]! <= largest + 1e-12);
      expect([...labelSet!].sort()).toEqual(wanted);
      expect(isOod).toBe(pValue <= 0.05);
      if (labelSet!.includes(options.classNames[fresh.labels[row]!]!)) held++;
    });
    expect(held / 4000).toBeGreaterThan(0.86); // 0.9, and the standard deviation of a calibration of 300 is 0.017
    expect(held / 4000).toBeLessThan(0.94);
  });

  test('its rows neither fit nor calibrate; a stream draws its own', async () => {
    const known = classified(200, 3);
    const seen: number[] = [];
    const scorer = {
      ...energy(),
      async fit(blocks: AsyncIterable<{ logits: { data: Float32Array } }>) {
        for await (const { logits } of blocks) seen.push(...logits.data);
        return energy();
      },
    };
    const detector = await fitOutputDetector(known, { ...options, scorer: scorer as never });
    expect(seen).toHaveLength(C * 80); // 200 but 40 and 80
    expect(detector.calibration.count).toBe(40);
    expect(detector.state.labelSets!.sets.scores).toHaveLength(40);
    async function* blocks() {
      await Promise.resolve();
      yield known;
      yield classified(150, 4);
    }
    const streamed = await fitOutputDetector(blocks(), options);
    const { sets } = streamed.state.labelSets!;
    expect(Math.abs(sets.scores.length - 70)).toBeLessThan(25);
    expect(streamed.calibration.count + 2 * sets.scores.length).toBeLessThan(350);
  });

  test('saved and loaded; damage is refused', async () => {
    const detector = await fitOutputDetector(classified(400, 1), { ...options, confidence: 0.9 });
    const bytes = detector.toBytes();
    const again = loadOutputDetector(bytes, { scorer: energy() });
    const asked = { logits: classified(20, 5).logits };
    expect(await again.predict(asked)).toEqual(await detector.predict(asked));
    expect(again.toBytes()).toEqual(bytes);
    const { tensors, metadata } = decodeSafetensors(bytes);
    const load =
      (changed: typeof tensors, texts: object = {}) =>
      () =>
        loadOutputDetector(encodeSafetensors(changed, { ...metadata, ...texts }), { scorer: energy() });
    const { labelSets, ...without } = tensors;
    expect(labelSets).toBeDefined();
    expect(load(without)).toThrow(FormatError);
    expect(load(tensors, { labelSets: 'null' })).toThrow(FormatError);
    for (const [name, wrong] of Object.entries({ temperature: 0, alpha: 1, method: 'x', seed: 0.5, classes: 4 })) {
      const saved = { ...(JSON.parse(metadata.labelSets!) as object), [name]: wrong };
      expect(load(tensors, { labelSets: JSON.stringify(saved) }), name).toThrow(FormatError);
    }
    expect(load(tensors, { confidence: '2' })).toThrow(FormatError);
  });

  test('what it needs is said', async () => {
    await tf.setBackend('cpu');
    const known = classified(400, 1);
    const fit = (data: object, given: object = {}) => fitOutputDetector(data as never, { ...options, ...given });
    await expect(fit({ logits: known.logits })).rejects.toThrow(
      "labels must be class indices of the images, which 'labelSets'",
    );
    await expect(fit(known, { labelSets: { alpha: 0.001 } })).rejects.toThrow(
      'labelSets.share must be enough for sets',
    );
    await expect(fit(known, { meaning: 'tags', scorer: nearestNeighbors() })).rejects.toThrow(
      'labelSets must be left out',
    );
    await expect(fit(classified(60, 1))).rejects.toThrow('as 60 images are so few that each calibrates in its fold');
    await expect(fit(known, { labelSets: { shares: 1 } })).rejects.toThrow('(share?)');
    await expect(fit(known, { labelSets: { share: 0.001 } })).rejects.toThrow(
      'labelSets.share must be enough for sets',
    );
    const features = { data: known.logits.data, shape: known.logits.shape };
    await expect(
      fit({ features, labels: known.labels }, { scorer: nearestNeighbors(), classNames: undefined }),
    ).rejects.toThrow('logits must be there, as labelSets are sets of their columns, got none');
  });
});

describe('with confidence', () => {
  test('the threshold is that of this calibration', async () => {
    const known = classified(1000, 1);
    const detector = await fitOutputDetector(known, { scorer: energy(), confidence: 0.95 });
    const { threshold, smallestAlpha } = conformalThreshold(detector.state.calibrations[0]!, 0.05, {
      confidence: 0.95,
    });
    const [verdict] = await detector.predict({ logits: classified(1, 2).logits });
    expect(verdict!.threshold).toBe(threshold);
    expect(detector.calibration.smallestAlpha).toBe(smallestAlpha);
    expect(detector.calibration).toMatchObject({ count: 200, canAlarm: true, method: 'held-out' });
  });

  test('it takes more images, and never folds', async () => {
    const known = classified(200, 1);
    const options = { scorer: energy(), confidence: 0.95 };
    await expect(fitOutputDetector(known, options)).rejects.toThrow(
      'a rate of 0.05 with confidence 0.95 takes 59, some 295 images in all',
    );
    await expect(fitOutputDetector(known, { ...options, calibration: 'cross' })).rejects.toThrow(
      'confidence must be left out',
    );
    const detector = await fitOutputDetector(classified(300, 1), options);
    expect(detector.calibration.count).toBe(60);
    await expect(detector.recalibrate({ logits: classified(58, 2).logits })).rejects.toThrow(
      'recalibrate: alpha must be at least 0.05034, as 58 images calibrate',
    );
  });
});

onEachBackend('a new calibration of images', () => {
  test('verdicts are those of the new scores; streams too; both free what they hold', async () => {
    const random = seededRandom(4);
    const images = (count: number, light: number) =>
      tf.tensor4d(
        Float32Array.from({ length: count * 16 }, () => Math.min(1, light + 0.3 * random.uniform())),
        [count, 4, 4, 1],
      );
    const model = tfl.sequential({
      layers: [
        tfl.layers.flatten({ inputShape: [4, 4, 1] }),
        tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.randomNormal({ seed: 1, stddev: 1 }) }),
      ],
    });
    const [known, later, asked] = [images(100, 0.2), images(60, 0.5), images(5, 0.5)];
    const scorer = nearestNeighbors({ k: 1, normalize: 'none' });
    const before = tf.memory().numTensors;
    const detector = await fitDetector(model, { images: known }, { scorer, features: model.layers[0]!.name });
    async function* blocks() {
      await Promise.resolve();
      for (const from of [0, 25, 50]) {
        const block = tf.slice(later, from, Math.min(25, 60 - from));
        yield block;
        block.dispose();
      }
    }
    const [moved, streamed] = [await detector.recalibrate(later), await detector.recalibrate(blocks())];
    expect(streamed.state.calibrations).toEqual(moved.state.calibrations);
    expect(moved.calibration).toMatchObject({ count: 60, method: 'held-out', guarantee: 0.05 });
    const own = (await detector.predict(later)).map(({ score }) => score);
    const again = await loadDetector(model, moved.toBytes(), { scorer });
    for (const one of [moved, streamed, again]) {
      for (const { score, pValue } of await one.predict(asked)) {
        expect(pValue).toBeCloseTo((1 + own.filter((value) => value >= score).length) / 61, 12);
      }
    }
    expect((await detector.predict(asked)).every(({ isOod }) => isOod)).toBe(true);
    const merged = moved.mergeCalibration(streamed);
    expect(merged.calibration.count).toBe(120);
    const bad = tf.tensor4d(new Float32Array(32).fill(NaN), [2, 4, 4, 1]);
    await expect(detector.recalibrate(bad)).rejects.toThrow('Detector.recalibrate');
    for (const one of [detector, moved, streamed, again, merged]) one.dispose();
    bad.dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([known, later, asked]);
    model.dispose();
  });
});
