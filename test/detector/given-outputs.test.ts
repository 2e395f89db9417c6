import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, seededRandom, ShapeError } from 'tfjs-ood';
import {
  energy,
  ensemble,
  entropy,
  fdbd,
  gen,
  mahalanobis,
  maxLogit,
  msp,
  nearestClassMean,
  react,
  vim,
} from 'tfjs-ood/scorers';
import { fitOutputDetector, loadOutputDetector, type DetectorOptions } from 'tfjs-ood/detector';

const [N, D, C] = [120, 6, 4];
const random = seededRandom(5);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const rows = (count: number, size: number) => ({ data: normals(count * size), shape: [count, size] as const });

/** A head, and features whose logits it makes, worked out here in float64. */
function made(size: number, classes: number, round: (value: number) => number = (value) => value) {
  const weights = normals(size * classes);
  const bias = normals(classes);
  const features = rows(N, size);
  const logits = Float32Array.from({ length: N * classes }, (_, at) => {
    const [row, c] = [Math.floor(at / classes), at % classes];
    let sum = round(bias[c]!);
    for (let i = 0; i < size; i++) sum += round(features.data[row * size + i]!) * round(weights[i * classes + c]!);
    return round(sum);
  });
  const head = { weights, bias, shape: [size, classes] as const };
  const labels = Int32Array.from({ length: N }, (_, row) => row % classes);
  return { head, outputs: { features, logits: { data: logits, shape: [N, classes] as const }, labels } };
}

const known = { features: rows(N, D), logits: rows(N, C), labels: Int32Array.from({ length: N }, (_, i) => i % C) };

describe('outputs of another shape than at the fit', () => {
  const methods: Record<string, () => DetectorOptions['scorer']> = { msp, maxLogit, energy, entropy, gen, mahalanobis };

  test.each(Object.keys(methods))('%s: other classes are refused, also after loading', async (name) => {
    const detector = await fitOutputDetector(known, { scorer: methods[name]!() });
    const again = loadOutputDetector(detector.toBytes(), { scorer: methods[name]!() });
    for (const one of [detector, again]) {
      const features = rows(1, D);
      expect(await one.predict({ features, logits: rows(1, C) })).toHaveLength(1);
      for (const classes of [7, 3, 1]) {
        const asked = one.predict({ features, logits: rows(1, classes) });
        await expect(asked).rejects.toThrow(ShapeError);
        await expect(asked).rejects.toThrow(`predict: logits must be [N, ${C}], as at the fit, got [1, ${classes}]`);
      }
    }
    detector.dispose();
    again.dispose();
  });

  test('the features that a scorer needs keep their width; those that it does not are not its business', async () => {
    const ofFeatures = await fitOutputDetector(known, { scorer: nearestClassMean() });
    await expect(ofFeatures.predict({ features: rows(2, D + 1) })).rejects.toThrow(`features must be [N, ${D}]`);
    const ofLogits = await fitOutputDetector(known, { scorer: energy() });
    expect(await ofLogits.predict({ features: rows(2, 9), logits: rows(2, C) })).toHaveLength(2);
    ofFeatures.dispose();
    ofLogits.dispose();
  });

  test.each([
    [3, 1],
    [1, 3],
    [2, 0],
  ])('%i rows of features and %i of logits', async (features, logits) => {
    for (const scorer of [mahalanobis(), energy()]) {
      const detector = await fitOutputDetector(known, { scorer });
      const asked = detector.predict({ features: rows(features, D), logits: rows(logits, C) });
      await expect(asked).rejects.toThrow(ShapeError);
      await expect(asked).rejects.toThrow(`logits must be ${features} rows, as the features, got ${logits}`);
      detector.dispose();
    }
  });

  test('what is no output at all', async () => {
    const detector = await fitOutputDetector(known, { scorer: nearestClassMean() });
    const refuses = async (outputs: unknown, message: string, kind: typeof ShapeError = ShapeError) => {
      const asked = detector.predict(outputs as Parameters<typeof detector.predict>[0]);
      await expect(asked).rejects.toThrow(kind);
      await expect(asked).rejects.toThrow(message);
    };
    await refuses({ features: null }, 'features must be a tensor or { data, shape: [N, D] }');
    await refuses({ features: null }, 'got null');
    await refuses({ features: rows(1, D), logits: null }, 'logits must be a tensor');
    await refuses({ features: new Float32Array(D) }, 'features must be a tensor or { data, shape: [N, D] }');
    await refuses({ features: Promise.resolve(rows(1, D)) }, 'got a promise (await it)');
    await refuses({ features: 'x' }, 'got string');
    await refuses({}, 'features must be a batch { features }');
    await refuses(null, 'outputs must be an object { features, logits }, got null', ArgumentError);
    await refuses(undefined, 'got undefined', ArgumentError);
    await expect(
      fitOutputDetector({ ...known, features: null as never }, { scorer: nearestClassMean() }),
    ).rejects.toThrow(ShapeError);
    await expect(nearestClassMean().fit([{ features: null as never, labels: [0] }], {})).rejects.toThrow(ShapeError);
    detector.dispose();
  });

  test('widths in a file: kept, checked, and missing in those of before', async () => {
    const detector = await fitOutputDetector(known, { scorer: mahalanobis() });
    expect(detector.state.widths).toEqual({ features: D, logits: C });
    const { tensors, metadata } = decodeSafetensors(detector.toBytes());
    const load = (widths: string) => () =>
      loadOutputDetector(encodeSafetensors(tensors, { ...metadata, widths }), { scorer: mahalanobis() });
    for (const wrong of ['7', '[]', '{"logits":0}', '{"logits":"4"}', '{"images":3}', 'no json']) {
      expect(load(wrong), wrong).toThrow(FormatError);
      expect(load(wrong), wrong).toThrow('metadata.widths must be whole numbers from 1');
    }
    const before = Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'widths'));
    const old = loadOutputDetector(encodeSafetensors(tensors, before), { scorer: mahalanobis() });
    expect(await old.predict({ features: rows(1, D), logits: rows(1, 9) })).toHaveLength(1);
    old.dispose();
    detector.dispose();
  });
});

describe('cut-points', () => {
  const fit = (options: Omit<DetectorOptions, 'scorer'>) => fitOutputDetector(known, { scorer: energy(), ...options });

  test('one named default is alpha by another name', async () => {
    const thresholdOf = async (options: Omit<DetectorOptions, 'scorer'>) => {
      const detector = await fit(options);
      const [verdict] = await detector.predict({ logits: rows(1, C) });
      detector.dispose();
      return { threshold: verdict!.threshold, cutPoints: detector.state.cutPoints };
    };
    const named = await thresholdOf({ cutPoints: { default: 0.2, strict: 0.1 } });
    expect(named.cutPoints).toEqual({ default: 0.2, strict: 0.1 });
    expect(named.threshold).toBe((await thresholdOf({ alpha: 0.2 })).threshold);
    expect((await thresholdOf({ alpha: 0.2, cutPoints: { default: 0.2 } })).cutPoints).toEqual({ default: 0.2 });
    expect((await thresholdOf({})).cutPoints).toEqual({ default: 0.05 });
  });

  test('with another alpha it is refused, and so is what is no rate', async () => {
    await expect(fit({ alpha: 0.05, cutPoints: { default: 0.2 } })).rejects.toThrow(ArgumentError);
    await expect(fit({ alpha: 0.05, cutPoints: { default: 0.2 } })).rejects.toThrow(
      'cutPoints.default must be the same as alpha 0.05, or left out (it is alpha by another name), got 0.2',
    );
    await expect(fit({ cutPoints: { default: 2 } })).rejects.toThrow('cutPoints.default must be a share');
  });
});

describe('a head and the logits that it makes', () => {
  const [size, scorers] = [6, () => [react(), vim({ dimension: 3 }), nearestClassMean(), ensemble([react(), msp()])]];
  const turned = ({ weights, bias, shape: [a, b] }: ReturnType<typeof made>['head']) => ({
    weights: weights.map((_, at) => weights[(at % b) * a + Math.floor(at / b)]!),
    bias,
    shape: [a, b] as const,
  });
  const fit = (outputs: object, head: object, scorer: DetectorOptions['scorer']) =>
    fitOutputDetector(outputs as typeof known, { scorer, head: head as ReturnType<typeof made>['head'] });

  test('the wrong way round it is refused by every scorer, and the right way round taken', async () => {
    const { head, outputs } = made(size, size);
    for (const scorer of scorers()) {
      const fitted = fit(outputs, turned(head), scorer);
      await expect(fitted).rejects.toThrow(ArgumentError);
      await expect(fitted).rejects.toThrow('fitOutputDetector: head must be the layer that makes the logits given');
      // vim may refuse these random rows for a reason of its own; the head is none.
      const right = await fit(outputs, head, scorer).catch((error: Error) => error.message);
      if (typeof right === 'string') expect(right).not.toContain('head');
      else right.dispose();
    }
  });

  test('without logits nobody can tell', async () => {
    const { head, outputs } = made(size, size);
    const detector = await fit({ ...outputs, logits: undefined }, turned(head), react());
    detector.dispose();
  });

  test('other weights, other classes in front, no bias, one class of another', async () => {
    const { head, outputs } = made(12, 5);
    const changed = (change: (copy: { weights: Float32Array; bias: Float32Array }) => void) => {
      const copy = { weights: head.weights.slice(), bias: head.bias.slice() };
      change(copy);
      return { ...copy, shape: head.shape };
    };
    const wrong = {
      otherWeights: changed(({ weights }) => weights.set(normals(60))),
      swapped: changed(({ weights, bias }) => {
        for (let i = 0; i < 12; i++) [weights[5 * i], weights[5 * i + 3]] = [weights[5 * i + 3]!, weights[5 * i]!];
        [bias[0], bias[3]] = [bias[3]!, bias[0]!];
      }),
      noBias: changed(({ bias }) => bias.fill(0)),
      oneClass: changed(({ weights }) => {
        for (let i = 0; i < 12; i++) weights[5 * i + 4]! *= -1;
      }),
      scaled: changed(({ weights }) => weights.forEach((value, i) => (weights[i] = value * 1.3))),
    };
    for (const [name, other] of Object.entries(wrong)) {
      await expect(fit(outputs, other, nearestClassMean()), name).rejects.toThrow(
        /head .* lie \d+ % of their size away/,
      );
    }
    (await fit(outputs, head, nearestClassMean())).dispose();
    const narrow = made(12, 4).head;
    await expect(fit(outputs, narrow, nearestClassMean())).rejects.toThrow('head must be [12, 5], as the features');
  });

  test('logits rounded as half precision, bfloat16 or 8 bits round them are still the head’s', async () => {
    /** To so many significant bits. */
    const bits = (count: number) => (value: number) => {
      if (value === 0) return 0;
      const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - count + 1);
      return Math.round(value / unit) * unit;
    };
    const eighth = (value: number) => (Math.round((value / 5) * 127) / 127) * 5; // 8 bits for what lies within 5
    for (const round of [Math.fround, bits(11), bits(8), eighth]) {
      for (const [width, classes] of [
        [2, 2],
        [6, 6],
        [300, 10],
      ] as const) {
        const { head, outputs } = made(width, classes, round);
        (await fit(outputs, head, nearestClassMean())).dispose();
      }
    }
  });

  test('features that are all zero leave the bias', async () => {
    const { head, outputs } = made(4, 3);
    const zeros = { data: new Float32Array(N * 4), shape: [N, 4] as const };
    const own = { data: Float32Array.from({ length: N * 3 }, (_, i) => head.bias[i % 3]!), shape: [N, 3] as const };
    const scorer = energy();
    (await fit({ ...outputs, features: zeros, logits: own }, head, scorer)).dispose();
    await expect(fit({ ...outputs, features: zeros }, head, scorer)).rejects.toThrow('head must be the layer');
  });

  test('an ensemble by itself compares them too', async () => {
    const { head, outputs } = made(size, size);
    const method = ensemble([react(), msp()]);
    await expect(method.fit([outputs], { head: turned(head) })).rejects.toThrow('ensemble: head must be the layer');
    (await method.fit([outputs], { head })).dispose();
  });

  test('head scorers by themselves compare them too, where a block has logits', async () => {
    const { head, outputs } = made(size, size);
    for (const method of [react(), fdbd(), vim({ dimension: 2 })]) {
      await expect(method.fit([outputs], { head: turned(head) })).rejects.toThrow(
        `${method.kind}: head must be the layer`,
      );
      (await method.fit([outputs], { head })).dispose();
    }
  });

  test('a cut-point that is no rate is refused by its name, at once', async () => {
    const { head, outputs } = made(size, size);
    const detector = await fit(outputs, head, nearestClassMean());
    for (const cutPoint of [Infinity, 1e20, NaN, -0.1, 0, 1]) {
      await expect(detector.predict(outputs, { cutPoint })).rejects.toThrow(
        'predict: cutPoint must be a share between 0 and 1',
      );
    }
    detector.dispose();
  });
});
