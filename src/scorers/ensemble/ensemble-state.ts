import { FormatError } from '../../core/errors';
import { sortScores } from '../../core/sort-scores';
import type { NamedArray } from '../../core/safetensors';
import type { Json } from '../../core/json';
import type { ModelParts, Need, Scorer, ScorerMethod, ScorerState } from '../contract/scorer';
import { checkKind, tensorOf, wordOf } from '../contract/scorer-state';
import type { Widths } from '../contract/split-block';

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
  return { kind: KIND, options: { combine, widths: { ...widths }, members: inner }, tensors };
}

/** What {@link ensembleState} made. @throws FormatError */
export function restoredEnsemble(
  where: string,
  methods: readonly ScorerMethod[],
  needs: readonly Need[],
  state: ScorerState,
  parts: Partial<ModelParts>,
): FittedEnsemble {
  const isOf = (name: string) => methods.some((_, i) => name.startsWith(`${i}.`));
  checkKind(where, state, KIND, ['calibration', ...Object.keys(state.tensors).filter(isOf)]);
  const combine = wordOf(where, state, 'combine', COMBINE);
  const saved = state.options.members;
  const known = Array.isArray(saved) ? (saved as readonly Partial<ScorerState>[]) : [];
  if (known.length !== methods.length) {
    throw new FormatError(where, 'state.options.members', `${methods.length}, as the methods`, known.length);
  }
  const widths: Widths = {};
  const savedWidths = (state.options.widths ?? {}) as Widths;
  for (const what of ['features', 'logits'] as const) {
    const width = savedWidths[what];
    if (!needs.includes(what)) continue;
    if (!Number.isSafeInteger(width)) {
      throw new FormatError(where, `state.options.widths.${what}`, 'a whole number', JSON.stringify(width) ?? 'none');
    }
    widths[what] = width!;
  }
  const { data, shape } = tensorOf(where, state, 'calibration', 'F32', [methods.length, undefined]);
  const rows = shape[1]!;
  const wrong = data.findIndex((score, at) => at % rows > 0 && score < data[at - 1]!);
  if (wrong >= 0) {
    const received = `${data[wrong]} at index ${wrong}`;
    throw new FormatError(where, 'state.tensors.calibration', 'ascending in each row', received);
  }
  const calibration = methods.map((_, i) => sortScores(data.slice(i * rows, (i + 1) * rows)) as Float32Array);
  const members: Scorer[] = [];
  try {
    methods.forEach((method, i) => members.push(restoreMember(method, i, known[i], state, parts)));
  } catch (error) {
    members.forEach((member) => member.dispose());
    throw error;
  }
  return { members, needs, combine, widths, calibration };
}

/** One member of its part of the state; errors name the part as the whole state does. */
function restoreMember(
  method: ScorerMethod,
  index: number,
  saved: Partial<ScorerState> | undefined,
  { tensors }: ScorerState,
  parts: Partial<ModelParts>,
): Scorer {
  const prefix = `${index}.`;
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  try {
    return method.restore(
      {
        kind: String(saved?.kind),
        options: saved?.options ?? {},
        tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])),
      },
      parts,
    );
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const what = error.details.what
      .replace(/^state\.tensors\./, `state.tensors.${prefix}`)
      .replace(/^state\.options\./, `state.options.members[${index}].options.`);
    throw new FormatError(error.details.where, what, error.details.expected, error.details.received);
  }
}
