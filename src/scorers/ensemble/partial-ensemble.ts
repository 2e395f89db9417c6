import { ArgumentError, FormatError } from '../../core/errors';
import type { Json } from '../../core/saved/json';
import type { NamedArray } from '../../core/saved/safetensors';
import { readArrays, writeArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import { checkedHead } from '../contract/checked-head';
import type { GivenParts } from '../contract/fit-options';
import { checkHeadAgrees } from '../contract/head-agreement';
import { readRows } from '../contract/rows';
import type { FitNeed, ModelOutputs, Need, PartialFit, Scorer, ScorerMethod } from '../contract/scorer';
import { readBlock, rowsAt, withBlock, type NumberBlock } from '../contract/split-block';
import type { Accumulator } from '../partial/accumulator';
import { digestOfHead } from '../partial/digest';
import { GatheredFit } from '../partial/gathered-fit';
import { idShare } from '../partial/id-hash';
import { arraysAs, arraysOf } from '../partial/named-arrays';
import { partialMethods } from '../partial/partial-methods';
import type { RowId } from '../partial/row-ids';
import type { FittedEnsemble } from './ensemble-state';
import { heldScores } from './fit-members';
import { HeldRows, holdOutStream } from './held-rows';

/** An ensemble, as its method knows it. */
export interface EnsembleSource {
  where: string;
  kind: string;
  members: readonly ScorerMethod[];
  needs: readonly Need[];
  fitNeeds: readonly FitNeed[];
  share: number;
  seed: number;
  options: Json;
  scorerOf(found: Pick<FittedEnsemble, 'members' | 'widths' | 'calibration'>): Scorer;
}

type Found = Pick<FittedEnsemble, 'members' | 'widths' | 'calibration'>;

const MEMBER = { member: { dtype: 'U8', shape: ['bytes'] } } as const satisfies SavedArrays;

/** Partial fits of the members, and the rows that were held out of them. */
function gatheredMembers(
  { where, members: methods, needs, share, seed }: EnsembleSource,
  parts: GivenParts,
): Accumulator<FitNeed, Found> {
  const given = { ...(parts.head && { head: parts.head }), ...(parts.logitsOf && { logitsOf: parts.logitsOf }) };
  const begun = () => Promise.all(methods.map((method) => method.partial(given)));
  let members: readonly PartialFit[] | undefined;
  const stream = holdOutStream(methods);
  let held = new HeldRows(needs, seed, stream);
  let kept = 0;
  const isHeld = idShare(seed, stream, share);
  /** Why members may differ in what they saw. */
  let broken: string | undefined;
  const check = () => {
    if (broken !== undefined) throw new ArgumentError(where, 'partial', 'one whose members took every block', broken);
  };

  return {
    async add(rows, pause) {
      check();
      const block = rows as unknown as NumberBlock;
      const ids = rows.ids as readonly RowId[];
      const places = Array.from(ids.keys());
      const fit = places.filter((row) => !isHeld(ids[row]!));
      const out = places.filter((row) => isHeld(ids[row]!));
      const own = fit.map((row) => ids[row]!);
      members ??= await begun();
      await pause(); // the last time that a signal can end it
      try {
        if (fit.length > 0) {
          for (const member of members) {
            await withBlock(rowsAt(block, fit), (lent) => member.add(lent, { ids: own }));
          }
        }
      } catch (error) {
        broken = (error as Error).message;
        throw error;
      }
      held.add(
        rowsAt(block, out),
        out.map((row) => ids[row]!),
      );
      kept += fit.length;
    },
    refuse(from, ids) {
      // Of a member's rows none was held out: all ids may be asked for
      for (const member of members ?? []) if (member instanceof GatheredFit) member.refuse(from, ids);
    },
    async merge(state, from) {
      check();
      members ??= await begun();
      // A copy, which takes the place of all when everything was taken
      const copies: PartialFit[] = [];
      const rest = new HeldRows(needs, seed, stream);
      rest.merge(from, held.state());
      rest.merge(from, arraysOf(state, 'held.'));
      for (const [i, method] of methods.entries()) {
        const bytes = readArrays(from, { member: state[`member${i}`] }, MEMBER, `state.${i}`).member;
        copies.push(await method.partialFrom(members[i]!.toBytes(), given));
        await copies[i]!.merge(bytes);
      }
      const added = copies.map(({ count }, i) => count - members![i]!.count);
      const other = added.findIndex((count) => count !== added[0]);
      if (other >= 0) throw new FormatError(from, `state.member${other}`, `of ${added[0]} rows`, added[other]);
      members = copies;
      held = rest;
      kept = copies[0]!.count;
    },
    state() {
      check();
      const saved: Record<string, NamedArray> = arraysAs('held.', held.state());
      members!.forEach((member, i) => {
        saved[`member${i}`] = writeArrays(MEMBER, { member: member.toBytes() }).member;
      });
      return saved;
    },
    async finish(pause) {
      check();
      if (kept === 0 || held.count === 0) {
        const expected = `at least one row to fit and one to calibrate with (calibrationShare ${share})`;
        throw new ArgumentError(where, 'blocks', expected, `${kept} and ${held.count}`);
      }
      const fitted: Scorer[] = [];
      try {
        for (const [i, method] of methods.entries()) fitted.push(await method.fromPartial(members![i]!, given));
        const blocks = await held.blocks(pause);
        const calibration: Float32Array[] = [];
        for (const member of fitted) calibration.push(await heldScores(member, blocks));
        return { members: fitted, widths: held.widths, calibration };
      } catch (error) {
        fitted.forEach((member) => member.dispose());
        throw error;
      }
    },
  };
}

/** The calls of an ensemble that fit in parts. */
export function partialEnsembles(source: EnsembleSource) {
  const { where, kind, fitNeeds, options, scorerOf } = source;
  const needs = new Set(fitNeeds);
  return partialMethods<Found, Scorer>({
    where,
    kind,
    fitNeeds,
    byId: true,
    options: options,
    open(at, given) {
      const head = given.head && checkedHead(at, given);
      const classes = head?.shape[1];
      return {
        accumulator: gatheredMembers(source, given),
        head: head && needs.has('head') ? digestOfHead(head) : '',
        widths: head ? { features: head.shape[0], logits: classes } : {},
        read: (from, block, widths) => readBlock(from, block, needs, widths, classes),
        async first(block) {
          const { features, logits } = block as Partial<ModelOutputs>;
          if (!head || features === undefined || logits === undefined) return;
          const rows = await readRows(at, 'features', { features });
          await checkHeadAgrees(at, head, rows, await readRows(at, 'logits', { logits }));
        },
      };
    },
    scorerOf,
  });
}
