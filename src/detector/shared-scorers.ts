import { ArgumentError } from '../core/errors';
import type { ModelParts, Scorer, ScorerMethod } from '../scorers/contract/scorer';
import type { DetectorState } from './detector-state';

/** Scorers that several detectors hold: the last one frees them. */
export interface SharedScorers {
  readonly scorers: readonly Scorer[];
  /** Throws once this holder is disposed. */
  check(where: string): void;
  /** The same scorers for another holder. */
  share(): SharedScorers;
  dispose(): void;
}

/** Scorers with their first holder. */
export function sharedScorers(scorers: readonly Scorer[]): SharedScorers {
  let holders = 0;
  const held = (): SharedScorers => {
    let isHeld = true;
    holders++;
    return {
      scorers,
      check(where) {
        if (!isHeld) throw new ArgumentError(where, 'detector', 'one that is in use', 'one after dispose()');
      },
      share: held,
      dispose() {
        if (!isHeld) return;
        isHeld = false;
        if (--holders === 0) for (const scorer of scorers) scorer.dispose();
      },
    };
  };
  return held();
}

/** The scorers of a saved detector. @throws FormatError, with nothing held */
export function restoredScorers(
  method: ScorerMethod,
  { scorers }: Pick<DetectorState, 'scorers'>,
  parts: Partial<ModelParts>,
): SharedScorers {
  const restored: Scorer[] = [];
  try {
    for (const state of scorers) restored.push(method.restore(state, parts));
  } catch (error) {
    for (const scorer of restored) scorer.dispose();
    throw error;
  }
  return sharedScorers(restored);
}
