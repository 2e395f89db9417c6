import type { AskedRows } from 'tfjs-ood/detector';
import { CliError, EXIT } from '../cli-error';
import { describedOption } from '../input/described-option';
import { commaNames, wholeNumber } from '../input/parse-values';
import { fitsMemory, picturesIn, readAll, type PictureFiles, type PictureSize } from '../input/pictures';
import { addPixelOptions, pixelPlan, type PixelOptions } from '../input/pixel-input';
import { scorerOf } from '../input/scorer';
import { strangeSets } from '../input/strange-sets';
import { addModelOptions, namesFor, openGivenModel, type ModelOptions } from '../input/with-model';
import type { Session } from '../session';
import { helpAfter, type AddCommand } from './command-frame';

interface CompareCommandOptions extends ModelOptions, PixelOptions {
  readonly known: string;
  readonly strange?: readonly string[];
  readonly only?: readonly string[];
  readonly seed: number;
  readonly json?: boolean;
}

async function readWhole(set: PictureFiles, size: PictureSize, session: Session) {
  if (fitsMemory(set, size)) return readAll(set, size, session);
  throw new CliError(`${set.option}: ${set.files.length} pictures are too many to compare scorers; a part will do`);
}

/** `compare`: which scorer is best with a model. */
export const addCompare: AddCommand = (program, run) => {
  const command = program
    .command('compare')
    .description(
      'Which scorer finds the unknown best with your model; without strange pictures others stand for them.',
    );
  addModelOptions(command)
    .requiredOption('--known <folder>', 'known pictures, JPEG or PNG: a folder for each class, or right below it')
    .option('--strange <folders...>', 'pictures of what it does not know, a set a folder: DIR, or name=DIR')
    .addOption(
      describedOption('--only <scorers>', 'compare these alone, as energy,mahalanobis', {
        parse: commaNames,
        default: 'all that the model allows',
      }),
    )
    .option('--seed <number>', 'of the draws', wholeNumber(0), 1)
    .option('--json', 'the comparison as JSON on stdout');
  addPixelOptions(command)
    .addHelpText(
      'after',
      helpAfter(
        'compare --model model.json --known photos --strange dogs',
        'compareScorers(model, { images, labels }, { strange }) of tfjs-ood/detector',
      ),
    )
    .action((options: CompareCommandOptions) =>
      run(async (session, called) => {
        const knownSet = await picturesIn('--known', options.known);
        const others = await strangeSets(options.strange ?? []);
        const opened = await openGivenModel(session, called, options);
        const { pictures, input } = pixelPlan(opened, options);
        const { images, shape } = await readWhole(knownSet, pictures, session);
        const strange: [string, AskedRows][] = [];
        for (const set of others) strange.push([set.name, await readWhole(set, pictures, session)]);
        const { compareScorers } = await import('tfjs-ood/detector');
        session.progress.start('Through the model');
        const known = { images, shape, ...(knownSet.labels && { labels: [...knownSet.labels] }) };
        const result = await compareScorers(opened.model, known, {
          seed: options.seed,
          scorers: { 'nearest-neighbors': await scorerOf('nearest-neighbors', {}) }, // as `fit` makes it
          ...(strange.length > 0 && { strange: Object.fromEntries(strange) }),
          ...(options.only && { only: options.only }),
          ...namesFor(opened, options),
          ...(options.classes && { classNames: options.classes }),
          ...(opened.metadata && { metadata: opened.metadata }),
          ...(input && { input }),
          ...(opened.blockSize && { blockSize: opened.blockSize }),
          signal: session.signal,
          onProgress: (done, total) => session.progress.update(done, total),
        });
        session.print(options.json ? JSON.stringify(result) : result.text.trimEnd());
        return EXIT.ok;
      }),
    );
};
