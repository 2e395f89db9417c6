import { ANYTHING, COUNT, LIST, OBJECT, oneOf, TEXT } from '../../core/check';
import { FormatError } from '../../core/errors';
import type { Declared } from '../../core/read-options';
import { readSaved } from '../../core/saved/read-saved';
import { readArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import { sortScores } from '../../core/sort-scores';
import type { NamedArray } from '../../core/saved/safetensors';
import type { Json } from '../../core/saved/json';
import type { ModelParts, Need, Scorer, ScorerMethod, ScorerState } from '../contract/scorer';
import { readScorerState } from '../contract/scorer-state';
import type { Widths } from '../contract/read-numbers';

export const KIND = 'ensemble';
export const COMBINE = ['fisher', 'max'] as const;
export type Combine = (typeof COMBINE)[number];

/** An ensemble whose members are fitted. */
export interface FittedEnsemble {
  members: readonly Scorer[];
  needs: readonly Need[];
  combine: Combine;
  widths: Widths;
  /** Ascending scores of the held-out rows, for each member [M][n]. */
  calibration: readonly Float32Array[];
}

interface SavedEnsemble {
  combine: Combine;
  widths: unknown;
  /** Kind and options of each member. */
  members: readonly unknown[];
}

const OPTIONS: Declared<SavedEnsemble> = {
  combine: [oneOf(...COMBINE)],
  widths: [ANYTHING],
  members: [LIST],
};

const MEMBER: Declared<Omit<ScorerState, 'tensors'>> = { kind: [TEXT], options: [OBJECT] };

const widthsOf = (needs: readonly Need[]): Declared<Widths> => ({
  features: needs.includes('features') ? [COUNT] : [COUNT, undefined],
  logits: needs.includes('logits') ? [COUNT] : [COUNT, undefined],
});

const CALIBRATION = {
  calibration: {
    dtype: 'F32',
    shape: ['M', 'n'],
    rule: {
      expected: 'ascending in each row',
      wrong(scores, [, n = 1]) {
        for (let at = 1; at < scores.length; at++) {
          if (at % n > 0 && scores[at]! < scores[at - 1]!) return `${scores[at]} at index ${at}`;
        }
        return undefined;
      },
    },
  },
} as const satisfies SavedArrays;

/** Its members' states, named by their places. */
export function ensembleState({ members, combine, widths, calibration }: FittedEnsemble): ScorerState {
  const states = members.map((member) => member.state());
  const rows = calibration[0]!.length;
  const data = new Float32Array(calibration.length * rows);
  calibration.forEach((own, i) => data.set(own, i * rows));
  const tensors: Record<string, NamedArray> = { calibration: { dtype: 'F32', shape: [members.length, rows], data } };
  states.forEach((state, i) => {
    for (const [name, tensor] of Object.entries(state.tensors)) tensors[`${i}.${name}`] = tensor;
  });
  const inner = states.map(({ kind, options }): Json => ({ kind, options }));
  return { kind: KIND, options: { combine, widths: { ...widths } as Json, members: inner }, tensors };
}

/** What {@link ensembleState} made. @throws FormatError */
export function restoredEnsemble(
  where: string,
  methods: readonly ScorerMethod[],
  needs: readonly Need[],
  given: ScorerState,
  parts: Partial<ModelParts>,
): FittedEnsemble {
  const state = readScorerState(where, given, KIND);
  const saved = readSaved<SavedEnsemble>(where, state.options, OPTIONS, 'state.options');
  if (saved.members.length !== methods.length) {
    throw new FormatError(where, 'state.options.members', `${methods.length}, as the methods`, saved.members.length);
  }
  const widths = readSaved<Widths>(where, saved.widths, widthsOf(needs), 'state.options.widths');
  const isOfMember = (name: string) => methods.some((_, i) => name.startsWith(`${i}.`));
  const own = Object.fromEntries(Object.entries(state.tensors).filter(([name]) => !isOfMember(name)));
  const { calibration: scores } = readArrays(where, own, CALIBRATION);
  const rows = scores.length / methods.length;
  if (own.calibration!.shape[0] !== methods.length) {
    throw new FormatError(where, 'state.tensors.calibration', `F32 [${methods.length}, n]`, own.calibration!.shape);
  }
  const calibration = methods.map((_, i) => sortScores(scores.slice(i * rows, (i + 1) * rows)) as Float32Array);
  const members: Scorer[] = [];
  try {
    methods.forEach((method, i) => members.push(restoreMember(where, method, i, saved.members[i], state, parts)));
  } catch (error) {
    members.forEach((member) => member.dispose());
    throw error;
  }
  return { members, needs, combine: saved.combine, widths, calibration };
}

/** One member of its part of the state; errors name the part as the whole state does. */
function restoreMember(
  where: string,
  method: ScorerMethod,
  index: number,
  saved: unknown,
  { tensors }: ScorerState,
  parts: Partial<ModelParts>,
): Scorer {
  const prefix = `${index}.`;
  const member = readSaved<Omit<ScorerState, 'tensors'>>(where, saved, MEMBER, `state.options.members[${index}]`);
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  try {
    return method.restore(
      {
        ...member,
        tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])),
      },
      parts,
    );
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const what = error.details.what
      .replace(/^state\.tensors\./, `state.tensors.${prefix}`)
      .replace(/^state\.(kind|options)/, `state.options.members[${index}].$1`);
    throw new FormatError(error.details.where, what, error.details.expected, error.details.received);
  }
}
