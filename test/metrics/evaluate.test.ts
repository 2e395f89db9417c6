import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, NotFiniteError } from 'tfjs-ood';
import { aurocInterval, evaluate, parseEvaluation, ScoreAccumulator, type Evaluation } from 'tfjs-ood/metrics';
import { byteOffsetOf } from '../../src/metrics/evaluation/json-offset';
import { expectClose } from '../expect-close';

const tight = { relative: 1e-12, absolute: 1e-12 };
const few = fc.array(
  fc.integer({ min: -4, max: 4 }).map((value) => value / 2),
  { minLength: 1, maxLength: 10 },
);
const names = ['svhn', 'tiny-imagenet', 'größe', '1', 'a "b"'];
const outs = fc.dictionary(fc.constantFrom(...names), few, { minKeys: 1 });

/** From the definitions, in squares of the counts. */
function naive(a: readonly number[], b: readonly number[]) {
  const share = (list: readonly number[], test: (s: number) => boolean) => list.filter(test).length / list.length;
  const precision = (positives: readonly number[], found: (t: number) => (s: number) => boolean) => {
    const all = [...a, ...b];
    return (
      positives.reduce((sum, t) => sum + positives.filter(found(t)).length / all.filter(found(t)).length, 0) /
      positives.length
    );
  };
  const ascending = [...a].sort((x, y) => x - y);
  const descending = [...b].sort((x, y) => y - x);
  const inCut = ascending.find((t) => share(a, (s) => s <= t) >= 0.95)!;
  const outCut = descending.find((t) => share(b, (s) => s >= t) >= 0.95)!;
  const errors = [-Infinity, ...a, ...b].map((t) => (share(a, (s) => s > t) + share(b, (s) => s <= t)) / 2);
  return {
    auroc: a.reduce((sum, x) => sum + share(b, (y) => y > x) + share(b, (y) => y === x) / 2, 0) / a.length,
    auprIn: precision(a, (t) => (s) => s <= t),
    auprOut: precision(b, (t) => (s) => s >= t),
    fprAt95TprInPositive: share(b, (s) => s <= inCut),
    fprAt95TprOutPositive: share(a, (s) => s >= outCut),
    detectionError: Math.min(...errors),
  };
}

test('every number of every set, and means over sets, from the definitions', () => {
  fc.assert(
    fc.property(few, outs, (a, out) => {
      const all = Object.keys(out);
      const result = evaluate({ in: a, out }, { groups: { all, one: [all[0]!] } });
      expect(Object.keys(result.sets)).toEqual(all);
      expect([result.format, result.version, result.inCount]).toEqual(['tfjs-ood/evaluation', 1, a.length]);
      const expected = all.map((set) => naive(a, out[set]!));
      all.forEach((set, i) => {
        const { auroc, inCount, outCount, prevalence, ...others } = result.sets[set]!;
        const { auroc: area, ...rest } = expected[i]!;
        expect([inCount, outCount]).toEqual([a.length, out[set]!.length]);
        expectClose(prevalence, outCount / (inCount + outCount), tight);
        expectClose(auroc.value, area, tight);
        const { standardError, lower, upper } = aurocInterval(a, out[set]!, { method: 'delong-logit' });
        expect(auroc).toMatchObject({ standardError, lower, upper, confidence: 0.95, method: 'delong-logit' });
        expect(Object.keys(others)).toEqual(Object.keys(rest));
        expectClose(Object.values(others), Object.values(rest), tight);
      });
      for (const [group, members] of Object.entries({ all: expected, one: expected.slice(0, 1) })) {
        const { sets, ...means } = result.groups[group]!;
        expect(sets).toEqual(all.slice(0, members.length));
        for (const metric of Object.keys(means) as (keyof typeof means)[]) {
          expectClose(means[metric], members.reduce((sum, one) => sum + one[metric], 0) / members.length, tight);
        }
      }
    }),
    { numRuns: 1500 },
  );
});

test('each set counts the same in a mean, whatever its size', () => {
  const far = { big: new Float32Array(1000).fill(2), small: [0] };
  expect(evaluate({ in: [1], out: far }, { groups: { far: ['big', 'small'] } }).groups.far!.auroc).toBe(0.5);
});

test('float32, float64 and accumulated scores give the same', () => {
  const [a, b] = [
    [0.5, 0.25, 1],
    [0.75, 2],
  ];
  const accumulated = new ScoreAccumulator();
  accumulated.add(a);
  const expected = evaluate({ in: a, out: { b } });
  expect(evaluate({ in: accumulated.scores(), out: { b: Float32Array.from(b) } })).toEqual(expected);
});

test('what is said beside the numbers', () => {
  const about = { seed: 7, model: { layers: [1, 2], name: 'vgg' }, ok: true, none: null };
  const options = { name: 'nearest mean', accuracy: 0.5, about, confidence: 0.9, method: 'delong' } as const;
  const result = evaluate({ in: [1, 2], out: { b: [1.5, 3] } }, options);
  expect(result).toMatchObject({ name: 'nearest mean', accuracy: 0.5, about });
  expect(result.about).not.toBe(about);
  const interval = aurocInterval([1, 2], [1.5, 3], { confidence: 0.9, method: 'delong' });
  expect(result.sets.b!.auroc).toMatchObject({ lower: interval.lower, confidence: 0.9, method: 'delong' });
  expect(Object.keys(evaluate({ in: [1], out: { b: [2] } }))).toEqual([
    'format',
    'version',
    'inCount',
    'sets',
    'groups',
  ]);
});

describe('bad input to evaluate', () => {
  const out = { svhn: [1], lsun: [2] };
  test('names what is wrong', () => {
    expect(() => evaluate({ in: [1], out: {} })).toThrow(
      'evaluate: out must be at least one OoD set by its name, got none',
    );
    expect(() => evaluate({ in: [], out })).toThrow('evaluate: in must be at least one score, got none');
    expect(() => evaluate({ in: [1], out: { ...out, svhn: [] } })).toThrow(
      'evaluate: out.svhn must be at least one score',
    );
    expect(() => evaluate({ in: [1], out: { ...out, lsun: [1, NaN] } })).toThrow(
      'evaluate: out.lsun must be finite scores, got NaN at index 1',
    );
    expect(() => evaluate({ in: [Infinity], out })).toThrow(NotFiniteError);
    for (const accuracy of [-0.1, 93, NaN])
      expect(() => evaluate({ in: [1], out }, { accuracy })).toThrow(ArgumentError);
    expect(() => evaluate({ in: [1], out }, { confidence: 95 })).toThrow('confidence must be a share');
    expect(() => evaluate({ in: [1], out }, { method: 'wald' as 'delong' })).toThrow(
      'method must be one of delong-logit, delong',
    );
  });
  test('groups', () => {
    const group = (far: unknown) => () => evaluate({ in: [1], out }, { groups: { far: far as string[] } });
    expect(group(['svhn', 'mnist'])).toThrow('groups.far must be names among svhn, lsun, once each, got mnist');
    expect(group(['svhn', 'svhn'])).toThrow('groups.far must be names among svhn, lsun, once each, got svhn twice');
    expect(group(['toString'])).toThrow('got toString');
    expect(group([])).toThrow('groups.far must be a list of names of sets, got []');
    expect(group('svhn')).toThrow('groups.far must be a list of names of sets, got "svhn"');
  });
  test('what JSON would drop or change', () => {
    const about = (value: unknown) => () => evaluate({ in: [1], out }, { about: value as null });
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(about({ a: [1, NaN] })).toThrow('evaluate: about.a.1 must be plain JSON, got NaN');
    expect(about({ when: new Date() })).toThrow('about.when must be plain JSON, got Date');
    expect(about({ a: undefined })).toThrow('about.a must be plain JSON, got undefined');
    expect(about([() => 1])).toThrow('about.0 must be plain JSON, got function');
    expect(about(Float32Array.of(1))).toThrow('got Float32Array');
    expect(about(cycle)).toThrow('must be plain JSON, got more than 32 levels');
    expect(about({ zero: -0 })().about).toEqual({ zero: 0 });
  });
});

const example = (): Evaluation =>
  evaluate(
    { in: [0.1, 0.2, 0.3, 0.4, 0.4, 0.55], out: { größe: [0.35, 0.4, 0.6, 0.7], noise: [0.5, 0.9] } },
    { groups: { far: ['noise', 'größe'] }, name: 'ü', accuracy: 0.9, about: { seed: 1 }, method: 'delong' },
  );

describe('parseEvaluation', () => {
  test('gives back what JSON.stringify saved', () => {
    fc.assert(
      fc.property(
        few,
        outs,
        fc.boolean(),
        fc.jsonValue({ maxDepth: 3 }),
        fc.boolean(),
        (a, out, isLogit, about, pretty) => {
          const method = isLogit ? 'delong-logit' : 'delong';
          const result = evaluate({ in: a, out }, { groups: { all: Object.keys(out) }, about: about as null, method });
          expect(parseEvaluation(JSON.stringify(result, null, pretty ? 2 : 0))).toEqual(result);
        },
      ),
      { numRuns: 1000 },
    );
    expect(parseEvaluation(JSON.stringify(example()))).toEqual(example());
  });

  /** Every leaf of the result, by its path. */
  function leaves(value: unknown, path: string[] = []): string[][] {
    if (typeof value !== 'object' || value === null) return [path];
    return Object.entries(value).flatMap(([name, item]) => leaves(item, [...path, name]));
  }
  function withLeaf(path: readonly string[], leaf: unknown): string {
    const copy = JSON.parse(JSON.stringify(example())) as Record<string, unknown>;
    const parent = path.slice(0, -1).reduce((from, name) => from[name] as Record<string, unknown>, copy);
    if (leaf === undefined) delete parent[path.at(-1)!];
    else parent[path.at(-1)!] = leaf;
    return JSON.stringify(copy, null, 1);
  }
  const refused = (json: string): FormatError => {
    try {
      parseEvaluation(json, 'run.json');
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
    return expect.fail(`not refused: ${json}`);
  };

  test('a wrong value anywhere: the error names its path and its byte', () => {
    const paths = leaves(example()).filter(([first]) => first !== 'about');
    expect(paths.length).toBeGreaterThan(40);
    for (const path of paths) {
      const json = withLeaf(path, true);
      const { offset, details } = refused(json);
      // A list of names is refused as a whole.
      const what = path.includes('sets') && path[0] === 'groups' ? path.slice(0, 3) : path;
      expect(details.what).toBe(what.join('.'));
      const from = new TextDecoder().decode(new TextEncoder().encode(json).subarray(offset));
      expect(from.startsWith(what === path ? 'true' : '[')).toBe(true);
    }
  });
  test('a value out of range, or missing', () => {
    const what = (path: string, leaf: unknown) => refused(withLeaf(path.split('.'), leaf)).message;
    expect(what('sets.noise.auroc.value', 1.2)).toMatch(
      /^parseEvaluation: sets\.noise\.auroc\.value must be a share from 0 to 1, got 1\.2 at byte \d+$/,
    );
    expect(what('sets.noise.auroc.value', undefined)).toContain('got nothing at byte');
    expect(what('sets.noise.auroc.lower', 0.95)).toContain('sets.noise.auroc.lower must be from 0 to 0.91');
    expect(what('sets.noise.auroc.upper', 0.9)).toContain('sets.noise.auroc.upper must be from 0.91');
    expect(what('sets.noise.auroc.confidence', 1)).toContain('between 0 and 1');
    expect(what('sets.noise.auroc.method', 'wald')).toContain('method must be one of delong-logit, delong');
    expect(what('sets.noise.inCount', 7)).toContain('must be 6, as inCount, got 7');
    expect(what('sets.noise.outCount', 1.5)).toContain('a whole number from 1');
    expect(what('sets.noise.prevalence', 0.3)).toContain('must be 0.25, as the others say');
    expect(what('groups.far.auroc', 0.3)).toContain('groups.far.auroc must be 0.85');
    expect(what('groups.far.sets', ['noise', 'noise'])).toContain('groups.far.sets.1 must be the name of a set, once');
    expect(what('groups.far.sets', ['toString'])).toContain('groups.far.sets.0 must be the name of a set');
    expect(what('groups.far.sets', [])).toContain('groups.far.sets must be at least one name, got none');
    expect(what('version', 2)).toContain('version must be 1, got 2');
    expect(what('format', 'x')).toContain('format must be tfjs-ood/evaluation, got "x"');
    expect(what('sets', {})).toContain('sets must be at least one set, got none');
    expect(what('sets', [])).toContain('sets must be an object, got []');
    expect(what('groups', undefined)).toContain('groups must be an object, got nothing');
  });
  test('no JSON', () => {
    expect(refused('').message).toContain('run.json must be JSON');
    expect(refused('{"format": "é", x').offset).toBe(17); // in bytes of UTF-8
    expect(refused('[]').message).toBe('parseEvaluation: run.json must be an object, got [] at byte 0');
    expect(refused('null').message).toContain('must be an object, got null');
    expect(refused(JSON.stringify(example()).replace('"seed":1', '"seed":1e999')).message).toContain(
      'about.seed must be plain',
    );
    expect(
      refused(
        JSON.stringify({ ...example(), about: undefined }).slice(0, -1) +
          `,"about":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      ).message,
    ).toContain('more than 32 levels');
    const deep = (open: string, close: string) => `{"format":${open.repeat(20_000)}1${close.repeat(20_000)}}`;
    for (const json of [deep('[', ']'), deep('{"a":', '}')]) {
      expect(refused(json).message).toBe('parseEvaluation: run.json must be JSON, got more than 32 levels at byte 0');
    }
    // As deep as `evaluate` lets it be.
    const nested = '['.repeat(31) + ']'.repeat(31);
    const { about } = parseEvaluation(JSON.stringify(example()).replace('"about":{', `"about":{"nested":${nested},`));
    expect(JSON.stringify(about)).toContain('['.repeat(30));
  });
  test('names such as __proto__ are names', () => {
    const json = JSON.stringify(example()).replaceAll('noise', '__proto__');
    const { sets, groups } = parseEvaluation(json);
    expect(Object.keys(sets)).toEqual(['größe', '__proto__']);
    expect(groups.far!.sets).toEqual(['__proto__', 'größe']);
  });
});

test('offsets of values in any JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const json = JSON.stringify(value, null, indent);
      const walk = (part: unknown, path: string[]): void => {
        const depth = path.length;
        const text = JSON.stringify(part, null, indent).replaceAll('\n', `\n${' '.repeat(depth * indent)}`);
        const from = new TextEncoder().encode(json).subarray(byteOffsetOf(json, path));
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(from).startsWith(text)).toBe(true);
        if (typeof part !== 'object' || part === null) return;
        for (const [name, item] of Object.entries(part)) walk(item, [...path, name]);
      };
      walk(value, []);
    }),
    { numRuns: 1000 },
  );
});
