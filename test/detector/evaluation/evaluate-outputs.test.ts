import { describe, expect, test } from 'vitest';
import { clopperPearson } from 'tfjs-ood/thresholds';
import { auroc, bootstrapInterval, detectionError, evaluate, fprAtTpr, parseEvaluation } from 'tfjs-ood/metrics';
import { energy, ensemble, nearestClassMean, nearestNeighbors } from 'tfjs-ood/scorers';
import { fitOutputDetector, loadOutputDetector, type DetectorEvaluation, type OutputDetector } from 'tfjs-ood/detector';
import { alarmChance } from '../../../src/detector/evaluation/alarm-chance';
import { onEachBackend } from '../../on-each-backend';
import { blocksOf, part, points } from './made-points';

const known = points(90, 2);
const strange = { far: points(30, 3, 9), near: points(25, 4, 2) };
const names = ['cat', 'dog'];
const outputsOf = ({ features, logits }: ReturnType<typeof points>) => ({ features, logits });

/** Counts of every cut-point by one call of `predict` for each. */
async function countedBy(detector: OutputDetector, cutPoints: readonly (string | number)[]) {
  const count = async (rows: ReturnType<typeof points>, cutPoint: string | number) =>
    (await detector.predict(outputsOf(rows), { cutPoint })).filter(({ isOod }) => isOod).length;
  const at = async (rows: ReturnType<typeof points>) =>
    Promise.all(cutPoints.map(async (cutPoint) => [`${cutPoint}`, await count(rows, cutPoint)]));
  return { known: await at(known), far: await at(strange.far), near: await at(strange.near) };
}

const countsOf = (shares: Record<string, { count: number }>) =>
  Object.entries(shares).map(([name, { count }]) => [name, count]);

onEachBackend('evaluate of outputs', () => {
  const cutPoints = { strict: 0.02, loose: 0.3 };
  const fits = {
    'held out': { scorer: nearestClassMean(), cutPoints },
    'with a confidence': { scorer: nearestClassMean(), cutPoints: { loose: 0.3 }, confidence: 0.9 },
    folds: { scorer: nearestClassMean(), cutPoints, calibration: 'cross', folds: 4 },
    'an ensemble': { scorer: ensemble([energy(), nearestNeighbors({ k: 3 })]), cutPoints },
    'label sets': { scorer: energy(), cutPoints, labelSets: true },
    'no alarm': { scorer: energy(), cutPoints: { loose: 0.3 }, alpha: 0.001, acceptNoAlarm: true },
  } as const;

  test.each(Object.entries(fits))('counts what predict decides, at each cut-point: %s', async (_, options) => {
    const detector = await fitOutputDetector(points(400, 1), { ...options, classNames: names });
    const asked = [...Object.keys(detector.state.cutPoints), 0.11];
    const counted = await countedBy(detector, asked);
    for (const cutPoint of asked) {
      const result = await detector.evaluate({ known, strange }, { cutPoint });
      const wanted = (of: (string | number)[][]) => (cutPoint === 0.11 ? of : of.slice(0, -1));
      expect(countsOf(result.known.falseAlarms)).toEqual(wanted(counted.known));
      expect(result.out.map(({ found }) => countsOf(found))).toEqual([wanted(counted.far), wanted(counted.near)]);
      expect(result.alpha).toBe(cutPoint === 0.11 ? 0.11 : detector.state.cutPoints[cutPoint]);
    }
    detector.dispose();
  });

  test('recalibrated folds, which are one list of means', async () => {
    const folds = await fitOutputDetector(points(60, 1), { scorer: nearestClassMean(), calibration: 'cross' });
    const again = await folds.recalibrate(outputsOf(points(80, 8)));
    const counted = await countedBy(again, ['default', 0.2]);
    const result = await again.evaluate({ known, strange }, { cutPoint: 0.2 });
    expect(countsOf(result.known.falseAlarms)).toEqual(counted.known);
    expect(result.threshold).toBe((await again.predict(outputsOf(known), { cutPoint: 0.2 }))[0]!.threshold);
    folds.dispose();
    again.dispose();
  });

  test('blocks are the whole; so is a detector that was saved', async () => {
    const scorer = nearestClassMean();
    const detector = await fitOutputDetector(points(400, 1), { scorer, classNames: names });
    const whole = await detector.evaluate({ known, strange });
    const parts = await detector.evaluate({
      known: blocksOf(part(known, 0, 40), part(known, 40, 90)),
      strange: { far: blocksOf(part(strange.far, 0, 1), part(strange.far, 1, 30)), near: strange.near },
    });
    expect(parts).toEqual(whole);
    const again = loadOutputDetector(detector.toBytes(), { scorer });
    expect(await again.evaluate({ known, strange })).toEqual(whole);
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    again.dispose();
    detector.dispose();
  });

  test('numbers are those of the metrics, intervals those of Clopper and Pearson and of the bootstrap', async () => {
    const detector = await fitOutputDetector(points(400, 1), { scorer: nearestClassMean(), classNames: names });
    const {
      evaluation,
      known: here,
      out,
      threshold,
    } = await detector.evaluate({ known, strange }, { confidence: 0.9 });
    const verdicts = await detector.predict(outputsOf(known));
    expect(here.scores).toEqual(verdicts.map(({ score }) => score));
    expect(here.pValues).toEqual(verdicts.map(({ pValue }) => pValue));
    expect(threshold).toBe(verdicts[0]!.threshold);
    const [far, near] = out;
    const scores = { far: far!.scores, near: near!.scores };
    const accuracy = verdicts.filter(({ label }, i) => label === names[known.labels[i]!]).length / 90;
    expect(evaluation).toEqual(evaluate({ in: here.scores, out: scores }, { confidence: 0.9, accuracy }));
    expect(parseEvaluation(JSON.stringify(evaluation))).toEqual(evaluation);
    expect(evaluation.sets.near!.auroc.value).toBe(auroc(here.scores, near!.scores));
    const { count, of, share, lower, upper, promise } = here.falseAlarms.default!;
    expect([count, of, share]).toEqual([verdicts.filter(({ isOod }) => isOod).length, 90, count / 90]);
    expect([lower, upper]).toEqual(clopperPearson(count, 90, 0.9));
    expect(promise).toMatchObject({ rate: 0.05, kind: 'average', chance: alarmChance(count, 90, 4, 80) });
    expect([here.accuracy!.lower, here.accuracy!.upper]).toEqual(clopperPearson(Math.round(90 * accuracy), 90, 0.9));
    const options = { seed: 1, resamples: 1000, confidence: 0.9 };
    const wanted = {
      detectionError: bootstrapInterval(here.scores, near!.scores, detectionError, options),
      fprAt95TprInPositive: bootstrapInterval(here.scores, near!.scores, (r) => fprAtTpr(r), options),
      fprAt95TprOutPositive: bootstrapInterval(here.scores, near!.scores, (r) => fprAtTpr(r, { positive: 'out' }), options), // prettier-ignore
    };
    for (const [name, { lower, upper }] of Object.entries(wanted)) {
      expect(near!.intervals).toHaveProperty(name, { lower, upper });
    }
    expect(far!.intervals).toEqual({}); // told apart in every resample, which says nothing of the next
    detector.dispose();
  });

  test('a promise with a confidence, and one of folds', async () => {
    const sure = await fitOutputDetector(points(400, 1), { scorer: nearestClassMean(), confidence: 0.95 });
    const promise = (await sure.evaluate({ known, strange })).known.falseAlarms.default!.promise;
    expect(promise).toMatchObject({ rate: 0.05, kind: 'confidence', confidence: 0.95 });
    sure.dispose();
    const folds = await fitOutputDetector(points(60, 1), { scorer: nearestClassMean(), calibration: 'cross' });
    const { known: here, threshold } = await folds.evaluate({ known, strange });
    expect(here.falseAlarms.default!.promise).toMatchObject({ rate: folds.calibration.guarantee, kind: 'average' });
    expect(here.falseAlarms.default!.promise.chance).toBeUndefined();
    expect(threshold).toBeUndefined();
    folds.dispose();
  });
});

describe('labels', () => {
  const fitted = (options = {}) => fitOutputDetector(points(200, 1), { scorer: energy(), ...options });
  const labeled = (result: DetectorEvaluation) => [result.known.accuracy?.of, result.known.nearest?.length];

  test('as names, as indices, or none', async () => {
    const named = await fitted({ classNames: names });
    const texts = Array.from(known.labels, (label) => names[label]!);
    const byName = await named.evaluate({ known: { ...known, labels: texts }, strange });
    expect(byName).toEqual(await named.evaluate({ known, strange }));
    expect(byName.known.labels).toEqual([...known.labels]);
    expect(byName.classNames).toEqual(names);
    expect(labeled(await named.evaluate({ known: outputsOf(known), strange }))).toEqual([undefined, 90]);
    const plain = await fitted();
    expect((await plain.evaluate({ known, strange })).known.accuracy).toEqual(byName.known.accuracy);
    await expect(plain.evaluate({ known: { ...known, labels: texts }, strange })).rejects.toThrow(
      'fitOutputDetector.evaluate: known: labels must be class indices, as the detector has no classNames, got names',
    );
  });

  test('without logits, or of tags, there is no accuracy', async () => {
    const { features, labels } = points(200, 1);
    const blind = await fitOutputDetector({ features, labels }, { scorer: nearestClassMean() });
    const { features: own } = known;
    const result = await blind.evaluate({
      known: { features: own, labels: known.labels },
      strange: { far: { features: strange.far.features } },
    });
    expect(labeled(result)).toEqual([undefined, undefined]);
    const tags = await fitted({ scorer: nearestNeighbors({ k: 3 }), meaning: 'tags' });
    expect(labeled(await tags.evaluate({ known, strange }))).toEqual([undefined, undefined]);
  });

  test('that are no classes of the model are refused: they would be wrong answers', async () => {
    const from1 = { ...known, labels: known.labels.map((label) => label + 1) };
    for (const options of [{}, { classNames: names }]) {
      const detector = await fitted(options);
      await expect(detector.evaluate({ known: from1, strange })).rejects.toThrow(
        'fitOutputDetector.evaluate: known: labels must be class indices from 0 to 1, as the model has 2 classes (leave ' +
          'OoD rows out), got 2 at index 1',
      );
    }
  });

  test('a name that two classes have, as crane in ImageNet, is one class', async () => {
    const [first, third] = [points(300, 1), points(90, 2)];
    const wide = ({ features, logits, labels }: typeof first) => ({
      features,
      logits: {
        data: Float32Array.from({ length: labels.length * 3 }, (_, i) => (i % 3 < 2 ? logits.data[2 * Math.floor(i / 3) + (i % 3)]! : -9)), // prettier-ignore
        shape: [labels.length, 3] as const,
      },
      labels,
    });
    const own = wide(third);
    const sets = { known: own, strange: { far: { logits: own.logits } } };
    const plain = await (await fitOutputDetector(wide(first), { scorer: energy() })).evaluate(sets);
    const classNames = ['crane', 'dog', 'crane'];
    const named = await (await fitOutputDetector(wide(first), { scorer: energy(), classNames })).evaluate(sets);
    expect(named.known.accuracy).toEqual(plain.known.accuracy);
    expect(named.known.nearest).toEqual(plain.known.nearest);
    const other = { ...own, labels: own.labels.map((label) => (label === 0 ? 2 : label)) };
    const result = await (
      await fitOutputDetector(wide(first), { scorer: energy(), classNames })
    ).evaluate({ ...sets, known: other });
    expect(result.known).toEqual(named.known);
  });

  test('of some blocks alone, or too few, are refused', async () => {
    const detector = await fitted();
    const evaluate = (known: never) => detector.evaluate({ known, strange });
    const [first, second] = [part(known, 0, 40), part(known, 40, 90)];
    for (const blocks of [
      [first, outputsOf(second)],
      [outputsOf(first), second],
    ]) {
      await expect(evaluate(blocksOf(...blocks) as never)).rejects.toThrow(
        'fitOutputDetector.evaluate: known: labels of block 1 must be there in each block, or in none',
      );
    }
    await expect(evaluate({ ...known, labels: [0, 1] } as never)).rejects.toThrow(
      'fitOutputDetector.evaluate: known: labels must be 90 labels, one for each row, got 2',
    );
  });
});

describe('refuses', () => {
  test('what are no sets, by name', async () => {
    const detector = await fitOutputDetector(points(200, 1), { scorer: energy() });
    const bad = (given: object, options?: object) => expect(detector.evaluate({ known, strange, ...given }, options)).rejects; // prettier-ignore
    const where = 'fitOutputDetector.evaluate';
    const expected = 'an object { name: images } with at least one set';
    await bad({ strange: {} }).toThrow(`${where}: strange must be ${expected}, got none`);
    await bad({ strange: [strange.far] }).toThrow(`${where}: strange must be ${expected}`);
    await bad({ strange: blocksOf(strange.far) }).toThrow(`${where}: strange must be ${expected}`);
    await bad({ strange: { known } }).toThrow(`${where}: strange must be without the name 'known'`);
    await bad({ strange: { none: blocksOf() } }).toThrow(`${where}: strange.none must be at least one row, got none`);
    await bad({ known: blocksOf() }).toThrow(`${where}: known must be at least one row, got none`);
    const wide = { logits: { data: new Float32Array(3), shape: [1, 3] } };
    await bad({ strange: { wide } }).toThrow(
      `${where}: strange.wide: logits must be [N, 2], as at the fit, got [1, 3]`,
    );
    const broken = { logits: { data: Float32Array.of(1, 2, NaN, 1), shape: [2, 2] } };
    await bad({ strange: { broken: blocksOf<object>(strange.far, broken) } }).toThrow(/^fitOutputDetector\.evaluate: strange\.broken: logits .* at row 31, column 0$/); // prettier-ignore
    await bad({}, { cutPoint: 'lax' }).toThrow(`${where}: cutPoint must be one of default, or a rate, got lax`);
    await bad({}, { confidence: 1 }).toThrow(`${where}: confidence must be`);
    detector.dispose();
    await bad({}).toThrow('one that is in use, got one after dispose()');
  });
});
