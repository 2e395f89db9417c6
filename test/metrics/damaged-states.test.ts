import '@tensorflow/tfjs-backend-cpu';
import { describe } from 'vitest';
import { conformalThreshold, cutPoint, formatCutPoints, parseCutPoints } from 'tfjs-ood';
import { thresholdAtTpr } from 'tfjs-ood/thresholds';
import { ClassMeans, ClassScatter } from 'tfjs-ood/embeddings';
import { evaluate, parseEvaluation, ScoreAccumulator, ScoreSketch } from 'tfjs-ood/metrics';
import { testDamages, type SavedThing } from '../damage';

const scores = [1, 2.5, 2.5, -3, 0.125];
const rows = { data: Float32Array.from({ length: 24 }, (_, i) => (i * 7) % 11), shape: [6, 4] as const };
const belongsTo = { detector: 'knn', model: '9f2c' };

function scatter(name: string, perClass: boolean, labels: readonly number[]): SavedThing {
  return {
    name: `ClassScatter ${name}`,
    async make() {
      const store = new ClassScatter({ perClass });
      await store.add(rows, labels);
      return store.state();
    },
    restore: (state) => ClassScatter.from(state).state(),
  };
}

const things: readonly SavedThing[] = [
  {
    name: 'ClassMeans',
    async make() {
      const store = new ClassMeans();
      await store.add(rows, [0, 4, 2, 0, 4, 2]);
      return store.state();
    },
    restore: (state) => ClassMeans.from(state).state(),
    free: /^sums axis 1 /,
  },
  scatter('of three classes, each alone', true, [0, 4, 2, 0, 4, 2]),
  scatter('of three classes together', false, [0, 4, 2, 0, 4, 2]),
  scatter('of one class alone', true, [3, 3, 3, 3, 3, 3]),
  scatter('of one class with all', false, [3, 3, 3, 3, 3, 3]),
  {
    name: 'ScoreSketch',
    make() {
      const sketch = new ScoreSketch({ bits: 12 });
      sketch.add(scores);
      return sketch.state();
    },
    restore: (state) => ScoreSketch.from(state).state(),
  },
  {
    name: 'ScoreAccumulator',
    make() {
      const accumulator = new ScoreAccumulator();
      accumulator.add(scores);
      return accumulator.state();
    },
    restore: (state) => ScoreAccumulator.from(state).state(),
    free: /^scores axis 0 /,
  },
  {
    name: 'an evaluation',
    make: () =>
      evaluate(
        { in: scores, out: { near: [2, 3], far: [9, 7, 8] } },
        { groups: { all: ['near', 'far'] }, name: 'knn', accuracy: 0.75, about: { seed: 1, list: ['a', 2] } },
      ),
    restore: (state) => parseEvaluation(JSON.stringify(state)),
    free: /^about|^(name|accuracy) dropped|^groups\.all dropped/,
  },
  {
    name: 'cut-points',
    make: () =>
      JSON.parse(
        formatCutPoints([
          cutPoint('strict', conformalThreshold([1, 2, 3], 0.25), belongsTo),
          cutPoint('never', conformalThreshold([1, 2, 3], 0.1), belongsTo),
          cutPoint('usual', thresholdAtTpr([1, 2, 3, 4], { tpr: 0.75 }), belongsTo),
          cutPoint('by hand', 2.5, belongsTo),
        ]),
      ) as object,
    restore: (state) => JSON.parse(formatCutPoints(parseCutPoints(JSON.stringify(state)))) as unknown,
    free: /^cutPoints as list|^cutPoints\.\d dropped|belongsTo\.model dropped|^cutPoints\.3\.threshold as number/,
  },
];

describe('a damaged state is a FormatError', () => things.forEach(testDamages));
