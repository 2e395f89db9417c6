import { Option } from 'commander';
import type { DetectorOptions } from 'tfjs-ood/detector';
import { EXIT } from '../cli-error';
import { describedOption } from '../input/described-option';
import { knownPictures } from '../input/known-pictures';
import { namedValue, share, wholeNumber } from '../input/parse-values';
import { checkTarget } from '../input/paths';
import { picturesIn } from '../input/pictures';
import { addPixelOptions, pixelPlan, type PixelOptions } from '../input/pixel-input';
import { scorerKind, scorerOf } from '../input/scorer';
import { addModelOptions, namesFor, openGivenModel, type ModelOptions } from '../input/with-model';
import { promiseText } from '../output/promise-text';
import { helpAfter, type AddCommand } from './command-frame';

interface FitOptions extends ModelOptions, PixelOptions {
  readonly known: string;
  readonly out: string;
  readonly scorer: string;
  readonly scorerOption?: Record<string, unknown>;
  readonly alpha: number;
  readonly confidence?: number;
  readonly calibration?: 'held-out' | 'cross';
  readonly calibrationShare?: number;
  readonly output?: string;
  readonly pool?: 'average';
  readonly seed: number;
  readonly acceptNoAlarm?: boolean;
}

/** Options that `fitDetector` has under the same names, where they were given. */
function given({ confidence, calibration, calibrationShare, acceptNoAlarm, output, pool }: FitOptions) {
  const all = { confidence, calibration, calibrationShare, acceptNoAlarm, output, pool };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<DetectorOptions>;
}

/** `fit`: a detector around a model, of a folder of known pictures. */
export const addFit: AddCommand = (program, run) => {
  const command = program
    .command('fit')
    .description('Puts a detector around your model, by pictures of what it knows.');
  addModelOptions(command)
    .requiredOption('--known <folder>', 'known pictures, JPEG or PNG: a folder for each class, or right below it')
    .requiredOption('--out <file>', 'where the detector is written')
    .option(
      '--scorer <name>',
      'how to tell the unknown; `compare` shows which is best',
      scorerKind,
      'nearest-neighbors',
    )
    .addOption(
      new Option('--scorer-option <name=value>', 'an option of the scorer, again and again')
        .argParser(namedValue)
        .default(undefined, 'k=10 of nearest-neighbors'),
    )
    .option('--alpha <rate>', 'false-alarm rate: so many of the known are called OoD at most', share, 0.05)
    .option(
      '--confidence <share>',
      'the rate holds for this very detector with so much confidence, not on average',
      share,
    )
    .addOption(
      describedOption('--calibration <way>', 'which pictures calibrate', {
        choices: ['held-out', 'cross'],
        default: 'by their number',
      }),
    )
    .addOption(
      describedOption('--calibration-share <share>', 'share that is held out', { parse: share, default: '0.2' }),
    )
    .option('--accept-no-alarm', 'also where so few pictures can never make an alarm: p-values alone')
    .option('--seed <number>', 'which pictures are held out', wholeNumber(0), 1)
    .option('--output <name>', 'which output of several')
    .addOption(new Option('--pool <how>', 'of features that are maps').choices(['average']));
  addPixelOptions(command)
    .addHelpText(
      'after',
      helpAfter(
        'fit --model model.json --known photos --out cat.detector',
        'fitDetector(model, { images, labels }, options) of tfjs-ood/detector; listPictures, readPictures, modelFolder, detectorFile of tfjs-ood/node',
      ),
    )
    .action((options: FitOptions) =>
      run(async (session, called) => {
        await checkTarget('--out', options.out);
        const set = await picturesIn('--known', options.known);
        const opened = await openGivenModel(session, called, options);
        const { model, metadata, blockSize } = opened;
        const scorer = await scorerOf(options.scorer, options.scorerOption ?? {});
        const { pictures, input } = pixelPlan(opened, options);
        const classNames = options.classes ?? metadata?.labels;
        if (!options.classes && metadata)
          session.say(`metadata.json names the classes: ${metadata.labels!.join(', ')}.`);
        const known = await knownPictures(set, pictures, classNames, session);
        const { fitDetector, describeDetector } = await import('tfjs-ood/detector');
        const { detectorFile } = await import('tfjs-ood/node');
        session.progress.start('Fitting', set.files.length);
        const detector = await fitDetector(model, known, {
          scorer,
          alpha: options.alpha,
          seed: options.seed,
          ...given(options),
          ...namesFor(opened, options),
          ...(options.classes && { classNames: options.classes }),
          ...(metadata && { metadata }),
          ...(input && { input }),
          ...(blockSize && { blockSize }),
          signal: session.signal,
          onProgress: (done) => session.progress.update(done),
        });
        await detector.save(detectorFile(options.out));
        const { strong } = session.styles;
        session.print(
          `${strong(options.out)}: ${options.scorer}, fitted on ${set.files.length} pictures of ${set.name}.`,
        );
        session.print(promiseText(describeDetector(detector.toBytes())));
        detector.dispose();
        return EXIT.ok;
      }),
    );
};
