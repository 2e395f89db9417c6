import type { Verdict } from 'tfjs-ood/detector';
import { CliError, EXIT } from '../cli-error';
import { addDetectorOptions, openDetector, type DetectorFileOptions } from '../input/open-detector';
import { share, wholeNumber } from '../input/parse-values';
import { fileOrFolder } from '../input/paths';
import { picturesIn, readBlocks } from '../input/pictures';
import { percent } from '../output/promise-text';
import { VERDICT_COLUMNS, verdictLine, verdictTable } from '../output/verdict-lines';
import { helpAfter, type AddCommand } from './command-frame';

interface ScoreOptions extends DetectorFileOptions {
  readonly alpha?: number;
  readonly skip: number;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly failOnOod?: boolean;
  readonly skipBad?: boolean;
}

/** Pictures by their own names, and those of folders. */
async function filesOf(paths: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const path of paths) {
    const isFolder = (await fileOrFolder('the pictures', path)) === 'folder';
    all.push(...(isFolder ? (await picturesIn('the pictures', path)).files : [path]));
  }
  return all;
}

/** `score`: a verdict for each picture. */
export const addScore: AddCommand = (program, run) => {
  const command = program
    .command('score')
    .description('Says of each picture whether your model knows such ones.')
    .argument('<pictures...>', 'files, JPEG or PNG, or folders of them');
  addDetectorOptions(command)
    .option('--alpha <rate>', 'another false-alarm rate than that of the fit', share)
    .option('--json', 'one JSON document on stdout, at the end')
    .option('--csv', 'CSV on stdout, line by line')
    .option('--fail-on-ood', `exit code ${EXIT.foundOod} where a picture is OoD`)
    .option('--skip-bad', 'leaves out what is no whole picture, and says so')
    .option('--skip <count>', 'leaves out the first so many pictures, to go on after a stop', wholeNumber(0), 0)
    .addHelpText(
      'after',
      helpAfter(
        'score --model model.json --detector cat.detector new/*.jpg',
        'loadDetector(model, file, { methods: scorerMethods }) of tfjs-ood/detector, detector.predict(images)',
      ),
    )
    .action((paths: string[], options: ScoreOptions) =>
      run(async (session, called) => {
        if (options.json && options.csv) throw new CliError('--json and --csv: give one of them', EXIT.wrongUsage);
        const all = await filesOf(paths);
        if (options.skip > all.length) throw new CliError(`--skip: there are ${all.length} pictures alone`);
        const files = all.slice(options.skip);
        const { detector, description, pictures } = await openDetector(session, called, options);
        const alpha = options.alpha ?? description.cutPoints.default!;
        const format = options.json ? 'json' : options.csv ? 'csv' : 'table';
        const { print, styles, progress, signal } = session;
        const columns = verdictTable(files, description.classNames);
        const verdicts: (Verdict & { file: string })[] = [];
        let found = 0;
        const titles = {
          table: verdictLine(columns, 'title', styles),
          csv: VERDICT_COLUMNS.join(','),
          json: undefined,
        };
        let title: string | undefined = titles[format];
        let bad = 0;
        const leaveOut = (error: Error) => {
          bad++;
          session.say(`Left out: ${error.message}`);
        };
        progress.start('Scoring', files.length);
        const set = { files, labels: undefined };
        for await (const { files: own, done, ...images } of readBlocks(set, pictures, session, {
          bad: options.skipBad ? leaveOut : undefined,
        })) {
          const cutPoint = options.alpha === undefined ? {} : { cutPoint: options.alpha };
          const answers = own.length > 0 ? await detector.predict(images, { signal, ...cutPoint }) : [];
          if (title !== undefined) print(title);
          title = undefined;
          answers.forEach((verdict, i) => {
            const one = { file: own[i]!, ...verdict };
            if (verdict.isOod) found++;
            if (format === 'json') verdicts.push(one);
            else print(verdictLine(columns, one, styles, format === 'csv'));
          });
          session.goOn =
            format === 'json'
              ? 'Nothing was printed; the same command begins anew.'
              : `The lines above are whole; go on with --skip ${options.skip + done}.`;
          progress.update(done);
        }
        detector.dispose();
        const count = files.length - bad;
        const summary = `${found} of ${count} pictures are OoD, at a false-alarm rate of ${percent(alpha)}.`;
        if (format === 'json') {
          print(JSON.stringify({ format: 'tfjs-ood/verdicts', alpha, count, found, verdicts }, null, 2));
        } else if (format === 'table') print(`\n${summary}`);
        else session.say(summary);
        return found > 0 && options.failOnOod ? EXIT.foundOod : EXIT.ok;
      }),
    );
};
