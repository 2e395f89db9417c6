import { seededRandom } from 'tfjs-ood';
import * as embeddings from 'tfjs-ood/embeddings';
import * as scorers from 'tfjs-ood/scorers';
import { made, timed, type Sizes } from './cases';

/** What grows: rows N (of a fit, of scores, or of a bank M), features D or classes C. */
type Side = keyof Sizes;

/** One thing that is done, as one side of its input grows over three sizes. */
interface Law {
  name: string;
  what: 'fit' | 'score' | 'call';
  side: Side;
  sizes: readonly Sizes[];
}

const LETTERS = { rows: 'N', size: 'D', classes: 'C' } as const;

const along = (side: Side, base: Sizes, ...values: number[]): { side: Side; sizes: Sizes[] } => ({
  side,
  sizes: values.map((value) => ({ ...base, [side]: value })),
});

/** Rows of logits alone: their width is the number of classes. */
const logits = { rows: 1000, size: 4, classes: 100 };
const features = { rows: 2000, size: 256, classes: 50 };
const few = { rows: 1000, size: 64, classes: 10 };

const lawsOf = (what: Law['what'], names: readonly string[], ...grown: ReturnType<typeof along>[]): Law[] =>
  names.flatMap((name) => grown.map((one) => ({ name, what, ...one })));

const byLogits = ['energy', 'entropy', 'gen', 'jointEnergy', 'maxLogit', 'msp'];
const needLogits = [...byLogits, 'klMatching', 'nnGuide'];
const byHead = ['ash', 'fdbd', 'react', 'scale', 'she'];
const gaussian = ['mahalanobis', 'relativeMahalanobis', 'classGaussians'];
const widths = along('size', features, 256, 512, 1024);
const classes = along('classes', features, 10, 30, 90);
const rows = along('rows', features, 2000, 4000, 8000);
const LAWS: readonly Law[] = [
  ...lawsOf('score', byLogits, along('rows', logits, 1000, 4000, 16_000), along('classes', logits, 50, 200, 800)),
  ...lawsOf('fit', ['klMatching'], along('rows', logits, 1000, 4000, 16_000), along('classes', logits, 50, 200, 800)),
  ...lawsOf('score', ['klMatching'], along('classes', logits, 50, 200, 800)),
  ...lawsOf('score', byHead, widths, classes),
  ...lawsOf('fit', ['fdbd', 'react', 'she'], rows, widths),
  ...lawsOf('fit', ['fdbd'], along('classes', features, 50, 200, 800)),
  ...lawsOf('fit', [...gaussian, 'residual', 'vim'], rows),
  ...lawsOf('fit', ['mahalanobis', 'relativeMahalanobis'], classes),
  ...lawsOf('score', ['mahalanobis', 'relativeMahalanobis', 'residual', 'vim'], widths, classes),
  ...lawsOf('score', ['classGaussians'], along('size', { ...features, classes: 10 }, 64, 128, 256)),
  ...lawsOf('score', ['classGaussians'], along('classes', { ...features, size: 64 }, 10, 40, 160)),
  ...lawsOf('fit', ['nearestClassMean'], rows, widths, classes),
  ...lawsOf('score', ['nearestClassMean'], widths, along('classes', features, 50, 200, 800)),
  ...lawsOf('fit', ['nearestNeighbors', 'nnGuide'], rows, widths),
  ...lawsOf('score', ['nearestNeighbors', 'nnGuide'], along('rows', few, 4000, 8000, 16_000), widths),
  ...lawsOf('call', ['ClassMeans', 'ClassScatter', 'nearestMeanAccuracy'], rows, widths, classes),
  ...lawsOf('call', ['estimateCovariance'], widths),
  ...lawsOf('call', ['recallAtK', 'distanceRatio', 'silhouette'], along('rows', few, 1000, 2000, 4000)),
  ...lawsOf('call', ['recallAtK', 'distanceRatio', 'silhouette'], along('size', few, 64, 128, 256)),
];

type Made = ReturnType<typeof made>;
type Work = () => unknown;

const CALLS: Record<string, (given: Made) => Work | Promise<Work>> = {
  ClassMeans: (given) => () => new embeddings.ClassMeans().add(given.features, given.labels),
  ClassScatter: (given) => () => new embeddings.ClassScatter().add(given.features, given.labels),
  nearestMeanAccuracy: async (given) => {
    const means = new embeddings.ClassMeans();
    await means.add(given.features, given.labels);
    return () => embeddings.nearestMeanAccuracy(means, given.features, given.labels);
  },
  estimateCovariance: async (given) => {
    const store = new embeddings.ClassScatter();
    await store.add(given.features, given.labels);
    const scatter = store.within();
    return () => embeddings.estimateCovariance(scatter, 'oas');
  },
  recallAtK: (given) => () => embeddings.recallAtK(given.features, given.labels, [1]),
  distanceRatio: (given) => () => embeddings.distanceRatio(given.features, given.labels),
  silhouette: (given) => () => embeddings.silhouette(given.features, given.labels),
};

/** Scores of so many rows, whatever a fit was made of: of a bank that grows these are few. */
const SCORED = 200;

async function workOf({ name, what, side }: Law, sizes: Sizes): Promise<Work> {
  const { head: biased, ...given } = made(sizes);
  const head = { ...biased, bias: new Float32Array(sizes.classes) }; // it is right about most rows
  if (what === 'call') return CALLS[name]!({ head, ...given });
  const random = seededRandom(3);
  const own = Float32Array.from({ length: sizes.rows * sizes.classes }, () => 3 * random.normal());
  const logitRows = { data: own, shape: [sizes.rows, sizes.classes] as const };
  // A head is asked whether it makes the logits
  const block = needLogits.includes(name) ? { ...given, logits: logitRows } : given;
  const method = (scorers[name as keyof typeof scorers] as () => scorers.ScorerMethod<never, never>)();
  const fit = () => method.fit([block] as never, { head } as never);
  if (what === 'fit') return async () => (await fit()).dispose();
  const scorer = await fit();
  const isBank = side === 'rows' && CALLS[name] === undefined && !byLogits.includes(name);
  const count = isBank ? SCORED : sizes.rows;
  const rowsOf = <T extends { data: Float32Array; shape: readonly [number, number] }>({ data, shape }: T) => ({
    data: data.subarray(0, count * shape[1]),
    shape: [count, shape[1]] as const,
  });
  return () => scorer.score({ features: rowsOf(given.features), logits: rowsOf(logitRows) });
}

/** Milliseconds, the median of what follows when code is compiled: a fit has more of it, and takes more turns. */
async function medianOf(work: Work, what: Law['what']): Promise<number> {
  const long = what === 'fit' ? 3 : 1;
  const times: number[] = [];
  let total = 0;
  let warm = 0;
  for (let turn = 0; turn < 500 && (turn < 4 || total < 300 * long); turn++) {
    const time = await timed(() => Promise.resolve(work()));
    total += time;
    times.push(time);
    if (total < 100 * long) warm = turn + 1;
  }
  const after = times.slice(Math.min(warm, times.length - 2)).sort((a, b) => a - b);
  return after[after.length >> 1]!;
}

const shown = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));

/** A line for each law, all in this process: what is compiled once stays so. */
export async function* measuredLaws(): AsyncGenerator<string> {
  for (const law of LAWS) {
    const times: number[] = [];
    for (const sizes of law.sizes) times.push(await medianOf(await workOf(law, sizes), law.what));
    const values = law.sizes.map((sizes) => sizes[law.side]);
    const exact = Math.log(times.at(-1)! / times[0]!) / Math.log(values.at(-1)! / values[0]!);
    const power = Math.round(10 * exact) / 10 || 0; // not -0
    const { rows: n, size, classes: c } = law.sizes[0]!;
    const isLogits = size === logits.size;
    const fixed = [law.side !== 'rows' && `N ${n}`, law.side !== 'size' && !isLogits && `D ${size}`, law.side !== 'classes' && `C ${c}`]; // prettier-ignore
    const grown = `${LETTERS[law.side]} ${values.join(', ')}`;
    const ms = times.map(shown).join(' / ');
    yield `| ${law.name}${law.what === 'call' ? '' : ` ${law.what}`} | ${grown} (${fixed.filter(Boolean).join(', ')}) | ${ms} | ${LETTERS[law.side]}^${power.toFixed(1)} |`;
  }
}
