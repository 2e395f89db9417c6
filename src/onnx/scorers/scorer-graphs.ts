import { ArgumentError } from '../../core/errors';
import type { Json } from '../../core/saved/json';
import type { ScorerState } from '../../scorers/contract/scorer';
import { ELEMENT } from '../protobuf/onnx-fields';
import { countBelow } from '../graph/count-below';
import type { OnnxGraph, Value } from '../graph/onnx-graph';
import { asDouble, log1pOf, negated } from '../graph/row-arithmetic';
import { surpriseScale } from '../../scorers/ensemble/surprise';
import { distanceGraphs } from './distance-graphs';
import { headGraphs } from './head-graphs';
import { logitGraphs } from './logit-graphs';
import { checkStateParts, graphOfState, type GivenToScorers, type ScorerGraph } from './scorer-graph';

/** Every scorer with a graph of its own, by its kind; an ensemble is made of theirs. */
const graphOfKind = (kind: string): ScorerGraph | undefined => {
  const all: Readonly<Record<string, ScorerGraph>> = { ...logitGraphs, ...headGraphs, ...distanceGraphs };
  return Object.hasOwn(all, kind) ? all[kind] : undefined;
};

/** Why a scorer has no graph; undefined where it has one. */
function whyNot({ kind, options }: ScorerState): string | undefined {
  if (kind === 'odin') return 'it goes through the model a second time, by a gradient, which ONNX has none of';
  if (kind === 'nearest-neighbors' && options.index !== undefined) {
    return 'its approximate index is no graph of operators: fit without index, the exact search has one';
  }
  return graphOfKind(kind) ? undefined : 'it is none of this package, whose graphs are written by hand';
}

/** Scores as the detector keeps them: float32, read as float64. */
const roundedScore = (g: OnnxGraph, score: Value): Value => asDouble(g, g.node('Cast', [score], { to: ELEMENT.float }));

/** -log p of a member's scores by its own calibration, with an order beyond the largest of them. */
function surpriseOf(g: OnnxGraph, score: Value, ascending: Float32Array): Value {
  const count = ascending.length;
  const { largest, scale } = surpriseScale(ascending);
  const atLeast = g.node('Sub', [
    g.scalar(count + 1),
    countBelow(g, 'member_scores', score, Float64Array.from(ascending)),
  ]);
  const logP = g.node('Log', [g.node('Div', [atLeast, g.scalar(count + 1)])]);
  const past = g.node('Max', [g.node('Sub', [score, g.scalar(largest)]), g.scalar(0)]);
  const beyond = g.node('Add', [log1pOf(g, g.node('Div', [past, g.scalar(scale)])), g.scalar(Math.log(count + 1))]);
  return g.node('Where', [g.node('Less', [g.scalar(largest), score]), beyond, negated(g, logP)]);
}

/** The state of each member, of the parts of the ensemble's. */
function memberStates(where: string, { options, tensors }: ScorerState): ScorerState[] {
  const members = options.members as readonly { kind: string; options: Record<string, Json> }[];
  return members.map(({ kind, options: own, ...more }, at) => {
    checkStateParts(where, kind, Object.keys(more), []);
    const mine = Object.entries(tensors).filter(([name]) => name.startsWith(`${at}.`));
    return {
      kind,
      options: own,
      tensors: Object.fromEntries(mine.map(([name, array]) => [name.slice(`${at}.`.length), array])),
    };
  });
}

const PARTS_OF_ENSEMBLE = ['combine', 'widths', 'members', 'calibration'];

function ensembleOf(where: string, g: OnnxGraph, state: ScorerState, rows: GivenToScorers): Value {
  const calibration = state.tensors.calibration!.data as Float32Array;
  const states = memberStates(where, state);
  const arrays = Object.keys(state.tensors).filter((name) => !states.some((_, at) => name.startsWith(`${at}.`)));
  checkStateParts(where, state.kind, [...Object.keys(state.options), ...arrays], PARTS_OF_ENSEMBLE);
  const held = calibration.length / states.length;
  const surprises = states.map((member, at) =>
    surpriseOf(g, scoreOf(where, g, member, rows), calibration.slice(at * held, (at + 1) * held).sort()),
  );
  const { combine } = state.options;
  if (combine !== 'fisher' && combine !== 'max') {
    throw new ArgumentError(where, "the state of scorer 'ensemble': combine", 'one of fisher, max', combine);
  }
  if (combine === 'max') return surprises.reduce((most, own) => g.node('Max', [most, own]));
  return g.node('Mul', [surprises.reduce((sum, own) => g.node('Add', [sum, own])), g.scalar(2)]);
}

/**
 * The score of a scorer [N, 1], rounded to float32 and read as float64.
 *
 * @throws ArgumentError for one that has no graph, saying why
 */
export function scoreOf(where: string, g: OnnxGraph, state: ScorerState, rows: GivenToScorers): Value {
  if (state.kind === 'ensemble') return roundedScore(g, ensembleOf(where, g, state, rows));
  const reason = whyNot(state);
  if (reason !== undefined) {
    throw new ArgumentError(where, 'detector', `one whose scorer can be a graph (${reason})`, `'${state.kind}'`);
  }
  return roundedScore(g, graphOfState(where, g, state, graphOfKind(state.kind)!, rows));
}
