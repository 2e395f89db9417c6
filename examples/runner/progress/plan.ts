import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sets, Training } from '../experiment';
import type { Method } from '../methods';
import { measureCost, piecesOf, type Pieces } from './cost';
import { durationText } from './duration';

/** A training of a comparison, and what is left of it to do. */
export interface PlannedTraining {
  method: Method;
  seed: number;
  /** Seconds; none of a finished one. */
  left: Pieces;
  isFinished: boolean;
}

/** All trainings in their order. */
export interface Plan {
  trainings: PlannedTraining[];
  /** Seconds of all that is left. */
  seconds: number;
}

/** Share of its epochs that a training has not done; undefined where it is finished. */
export async function shareLeft(folder: string, epochs: number): Promise<number | undefined> {
  if (await readFile(join(folder, 'scores.json')).catch(() => undefined)) return undefined;
  const lines = await readFile(join(folder, 'epochs.jsonl'), 'utf8').catch(() => '');
  return Math.max(0, 1 - (lines.split('\n').length - 1) / Math.max(1, epochs));
}

/** What is planned: which trainings, of which images. */
export interface Planned {
  methods: readonly Method[];
  seeds: readonly number[];
  training: Training;
  sets: Sets;
  evaluated: Sets;
  /** Where each training's files lie. */
  folderOf: (method: Method, seed: number) => string;
  /** Test images whose embedding is kept after each epoch of a training; 0: none is. */
  trackedOf: (method: Method, seed: number) => number;
}

/** The trainings seed by seed, and how long they will take: a few real steps are timed, where any is left. */
export async function planOf({ methods, seeds, folderOf, trackedOf, ...about }: Planned): Promise<Plan> {
  const { training, sets, evaluated } = about;
  const shares = new Map<string, number | undefined>();
  const all = seeds.flatMap((seed) => methods.map((method) => ({ method, seed, folder: folderOf(method, seed) })));
  for (const { folder } of all) shares.set(folder, await shareLeft(folder, training.epochs));
  const first = all.find(({ folder }) => shares.get(folder) !== undefined);
  if (!first) {
    const left = { training: 0, evaluation: 0 };
    return { trainings: all.map(({ method, seed }) => ({ method, seed, left, isFinished: true })), seconds: 0 };
  }
  // All methods take the same images through the same network.
  const cost = await measureCost(first.method, training, sets, first.seed);
  const trainings = all.map(({ method, seed, folder }): PlannedTraining => {
    const share = shares.get(folder);
    const whole = piecesOf(cost, method, training, { sets, evaluated, tracked: trackedOf(method, seed), seed });
    const left = share === undefined ? { training: 0, evaluation: 0 } : { ...whole, training: share * whole.training };
    return { method, seed, left, isFinished: share === undefined };
  });
  return { trainings, seconds: trainings.reduce((sum, { left }) => sum + left.training + left.evaluation, 0) };
}

/** Less than so many seconds is waited for. */
const SHORT = 600;
/** One that sees OoD images, and one that does not. */
const TWO = ['odm', 'cross-entropy'] as const;

/** Options that make a long run short; none where it is short, or is one training. */
function shorterOptions({ trainings, seconds }: Plan): string {
  const names = [...new Set(trainings.map(({ method }) => method.name))];
  const isOneSeed = new Set(trainings.map(({ seed }) => seed)).size === 1;
  if (seconds < SHORT) return '';
  const kept = TWO.every((name) => names.includes(name)) && names.length > 2 ? TWO : names;
  const options = [...(isOneSeed ? [] : ['--seeds 1']), ...(kept === names ? [] : [`--methods ${kept.join(',')}`])];
  return options.join(' ');
}

/** `15 trainings, about 2 h 20 min; shorter: --seeds 1 --methods odm,cross-entropy` */
export function announcement(plan: Plan): string {
  const { trainings, seconds } = plan;
  const finished = trainings.filter(({ isFinished }) => isFinished).length;
  const count = `${trainings.length} training${trainings.length === 1 ? '' : 's'}`;
  const about = finished > 0 ? `${count}, ${finished} of them finished; the rest takes about` : `${count}, about`;
  const shorter = shorterOptions(plan);
  return `${about} ${durationText(seconds)}${shorter && `; shorter: ${shorter}`}`;
}
