import { ArgumentError } from '../../core/errors';
import type { DetectorState } from '../../detector/detector-state';
import { scoreOf } from '../scorers/scorer-graphs';
import type { ValueInfo } from '../protobuf/write-messages';
import type { OnnxGraph, Value } from './onnx-graph';
import { areFiniteRows, asDouble, filledRows, isEmptyOf, withoutFilling } from './row-arithmetic';
import { verdictOf } from './verdict';

/** Where the rows come from: inputs of the graph, or tensors of the model before it; and how wide they are. */
export type RowsOf = (what: 'features' | 'logits', width: number) => Value;

/** How the outputs are called. */
export type OutputName = 'score' | 'p_value' | 'is_ood' | 'label' | 'tags';

/** What a graph is written for. */
export interface GraphRequest {
  readonly where: string;
  /** Whether logits that no scorer needs come in, for the label alone. */
  readonly withLabel: boolean;
  readonly rowsOf: RowsOf;
  nameOf(output: OutputName): string;
}

/** D of the features, by an array of the scorer that has it, or by the fit. */
function featureWidth(where: string, { widths, scorers }: DetectorState): number {
  const sideOf = (name: string, axis: number) =>
    Object.entries(scorers[0]!.tensors).find(([own]) => own === name || own.endsWith(`.${name}`))?.[1].shape[axis];
  const width =
    widths.features ?? sideOf('weights', 0) ?? sideOf('means', 1) ?? sideOf('bank', 1) ?? sideOf('origin', 0);
  if (width !== undefined) return width;
  throw new ArgumentError(where, 'detector', 'one that knows how wide its features are (fit it again)', 'another one');
}

/** C of the logits, by the fit or by the names of the classes. */
function logitWidth({ widths, classNames, about }: DetectorState): number | undefined {
  if (about.unordered) return undefined; // names in no order of columns: no logits may come in
  return widths.logits ?? classNames?.length;
}

/** What a detector is made of; a part that is none of these may change what it says. */
const PARTS: Readonly<Record<keyof DetectorState, true>> = {
  scorers: true,
  method: true,
  calibrations: true,
  classesWithoutRow: true,
  missingMass: true,
  cutPoints: true,
  confidence: true,
  labelSets: true,
  acceptNoAlarm: true,
  classNames: true,
  widths: true,
  about: true,
};

/** Throws where the detector says more than a graph does, and nobody said that it may be left out. */
export function checkExportable(where: string, state: DetectorState | undefined, acceptNoLabelSets: boolean): void {
  if (!Array.isArray(state?.scorers) || !Array.isArray(state.calibrations)) {
    const expected = 'one of fitDetector or fitOutputDetector (a growing one changes with each row, and has no graph)';
    throw new ArgumentError(where, 'detector', expected, state === undefined ? 'one without state' : state);
  }
  const other = Object.keys(state).find((name) => !Object.hasOwn(PARTS, name));
  if (other !== undefined) {
    throw new ArgumentError(where, 'detector.state', 'of parts that a graph knows', other);
  }
  if (state.labelSets === undefined || acceptNoLabelSets) return;
  const expected = 'without labelSets, which have no graph ({ acceptNoLabelSets: true } leaves them out)';
  throw new ArgumentError(where, 'detector', expected, 'one with them');
}

/** Writes a detector into a graph, from its rows to the outputs. */
export function writeDetector(
  g: OnnxGraph,
  state: DetectorState,
  { where, withLabel, rowsOf, nameOf }: GraphRequest,
): void {
  const rows = new Map<string, Value>();
  let isEmpty: Value | undefined;
  const asked = (what: 'features' | 'logits', width: number): Value => {
    const known = rows.get(what);
    if (known !== undefined) return known;
    const given = rowsOf(what, width);
    isEmpty ??= isEmptyOf(g, given);
    const value = asDouble(g, filledRows(g, given, width, isEmpty));
    rows.set(what, value);
    return value;
  };
  const columns = logitWidth(state);
  const classes = (): number => {
    if (columns !== undefined) return columns;
    throw new ArgumentError(where, 'detector', 'one that was fitted with logits', 'one that knows of none');
  };
  const features = () => asked('features', featureWidth(where, state));
  const logits = () => asked('logits', classes());
  const scores = state.scorers.map((scorer) => scoreOf(where, g, scorer, { features, logits, classes }));
  const isTags = state.about.meaning === 'tags';
  // One column that is no tag chooses nothing.
  const isLabeled = withLabel && columns !== undefined && (isTags || columns > 1);
  if (isLabeled) logits();
  const isFinite = areFiniteRows(g, [...rows.values()]);
  const { score, pValue, isOod } = verdictOf(g, scores, isFinite, state);
  const output = (name: OutputName, value: Value, element: ValueInfo['element'], shape: ValueInfo['shape']) =>
    g.output('Slice', withoutFilling(g, value, isEmpty!), { name: nameOf(name), element, shape });
  output('score', score, 'float', ['N']);
  output('p_value', pValue, 'double', ['N']);
  output('is_ood', isOod, 'bool', ['N']);
  if (!isLabeled) return;
  if (isTags) output('tags', g.node('Less', [g.scalar(0), logits()]), 'bool', ['N', columns]);
  else output('label', g.node('ArgMax', [logits()], { axis: 1, keepdims: 0 }), 'int64', ['N']);
}
