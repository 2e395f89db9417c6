import { ArgumentError } from 'tfjs-ood';
import { vgg } from 'tfjs-ood/training';
import type { Experiment, ExperimentByOptions, Headline, RunOptions, Training } from '../runner/experiment';
import { checkSettings, givenSettings } from '../runner/settings';
import { CLASS_NAMES, drawnSets, hasRealData, realSets, REAL_SETS, type RealSet } from './data';
import { downloadWithBar } from './download';
import { presets, presetSettings, type Preset, type PresetName } from './presets';
import { seenParts, type SeenPart } from './seen-sets';

/** What the command line gives besides the options of every experiment. */
interface Options extends RunOptions {
  in?: string;
  seen?: string;
  preset?: PresetName;
  download?: boolean;
}

const headline: Headline = {
  name: 'svhn-cifar10',
  title:
    'CIFAR-10 or SVHN known, the other one seen as OoD: an embedding by contrastive loss with out-of-distribution mining\n' +
    '(Masana et al., BMVC 2018), and how well the distance to the nearest class mean tells unknown images from known ones',
  seeds: 1,
  methods: ['odm'],
  example: '--data data --in cifar10 --seen svhn --preset quick',
};

/** The network of a preset. */
export const networkOf =
  ({ width, denseSizes, batchNorm, dropout }: Omit<Preset, 'training'>): Training['network'] =>
  (inputShape, embeddingSize, seed) =>
    vgg({ inputShape, embeddingSize, seed, width, denseSizes, batchNorm, dropout });

/** The experiment of a preset, on images that are loaded or drawn. */
function experimentOf(
  [inside, seen]: readonly [string, string],
  name: PresetName,
  options: Options,
  load: (preset: Preset) => Experiment['load'],
): Experiment {
  const given = givenSettings<Preset>(presetSettings, options);
  const { training, ...own } = checkSettings(presetSettings, { ...presets[name], ...given });
  return {
    ...headline,
    name: `${inside}-${seen.replaceAll(/[,:]/g, '-')}-${name}-${options.seed}`,
    title: `${inside} known, ${seen} seen`,
    training: {
      ...training,
      network: networkOf(own),
    },
    about: own,
    load: load({ training, ...own }),
  };
}

/** Known and seen sets as the command line names them. */
export function namedSets({ in: inside = 'cifar10', seen = 'svhn' }: Options): { inside: RealSet; seen: SeenPart[] } {
  if (!(REAL_SETS as readonly string[]).includes(inside)) {
    throw new ArgumentError('experiment', '--in', `one of ${REAL_SETS.join(', ')}`, inside);
  }
  const parts = seenParts(seen);
  if (parts.some(({ name }) => name === inside)) {
    throw new ArgumentError('experiment', '--seen', 'other sets than --in', seen);
  }
  return { inside: inside as RealSet, seen: parts };
}

/** The images asked for, those in ./data, or drawn ones, which is said. */
async function choose(options: Options): Promise<Experiment> {
  const data = options.data ?? 'data';
  if (options.download) await downloadWithBar(data);
  const { inside, seen } = namedSets(options);
  const needed = [inside, ...seen.map(({ name }) => name)].filter((name): name is RealSet => name in CLASS_NAMES);
  const isAsked = options.data !== undefined || options.in !== undefined || options.seen !== undefined;
  if (options.preset !== 'drawn' && (isAsked || (await hasRealData(data, needed)))) {
    const named = seen.map(({ name, count }) => (count === undefined ? name : `${name}:${count}`)).join(',');
    return experimentOf([inside, named], options.preset ?? 'quick', options, (preset) => {
      return () => realSets(inside, seen, data, preset, options.seed);
    });
  }
  console.log(
    'No --data and no ./data: this run draws its own small images from the seed (digits known, textured shapes seen).',
  );
  return experimentOf(['digits', 'shapes'], 'drawn', options, ({ noiseImages }) => {
    return () => Promise.resolve(drawnSets(noiseImages, options.seed));
  });
}

/** The paper's experiment: is the distance to the nearest class mean larger for images of another set? */
export const svhnCifar10: ExperimentByOptions = { ...headline, choose };
