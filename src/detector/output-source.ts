import { readRows, type Rows } from '../scorers/contract/rows';
import type { Need } from '../scorers/contract/scorer';
import { ArgumentError, ShapeError } from '../core/errors';
import { readOutputs, type GivenOutputs } from './given-outputs';
import { checkKnown } from './known/block-stream';
import { readKnownLabels, type KnownLabels } from './known/known-labels';
import { pickRows, type OutputSource } from './known/known-rows';

/** What a model in any runtime gave for known images; only what the scorer needs must be there. */
export interface LabeledOutputs extends GivenOutputs {
  /** Class indices or names [N]; only for scorers that need them. */
  labels?: KnownLabels;
}

export const OUTPUTS = 'an object { features, logits, labels }';

/** A source over outputs that are there already. */
export async function outputSource(
  where: string,
  given: LabeledOutputs,
  classNames: readonly string[] | undefined,
): Promise<OutputSource> {
  checkKnown(where, 'outputs', given, OUTPUTS);
  const read = given.labels === undefined ? undefined : await readKnownLabels(where, given.labels, { classNames });
  const outputs = readOutputs(where, given);
  const whole: Partial<Record<Need, Rows>> = {};
  let count = read?.labels.length;
  let counted = 'labels';
  for (const name of ['features', 'logits'] as const) {
    if (outputs[name] === undefined) continue;
    const rows = await readRows(where, name, outputs);
    if (count !== undefined && rows.shape[0] !== count) {
      throw new ShapeError(where, name, `${count} rows, as the ${counted}`, rows.shape[0]);
    }
    if (count === undefined) counted = name;
    count = rows.shape[0];
    whole[name] = rows;
  }
  if (count === undefined) throw new ArgumentError(where, 'outputs', OUTPUTS, given);
  const entries = Object.entries(whole);
  return {
    count,
    labels: read?.labels,
    names: read?.names,
    shapes: Object.fromEntries(entries.map(([name, { shape }]) => [name, [shape[1]]])),
    batchOf(rows) {
      const batch = Object.fromEntries(entries.map(([name, all]) => [name, pickRows(all, rows)]));
      return Promise.resolve({ batch, dispose: () => {} });
    },
  };
}
