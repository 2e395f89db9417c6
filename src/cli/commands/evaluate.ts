import { basename } from 'node:path';
import type { ImageSet } from 'tfjs-ood/datasets';
import type { DetectorEvaluation } from 'tfjs-ood/detector';
import { EXIT } from '../cli-error';
import { addDetectorOptions, openDetector, type DetectorFileOptions } from '../input/open-detector';
import { checkTargetFolder } from '../input/paths';
import { fitsMemory, picturesIn, readAll, readBlocks, type PictureFiles, type PictureSize } from '../input/pictures';
import { strangeSets } from '../input/strange-sets';
import { packageVersion } from '../package-version';
import type { Session } from '../session';
import { helpAfter, type AddCommand } from './command-frame';

interface EvaluateCommandOptions extends DetectorFileOptions {
  readonly known: string;
  readonly strange: readonly string[];
  readonly labels: boolean;
  readonly report: string | false;
  readonly figures?: boolean;
  readonly title?: string;
  readonly json?: boolean;
}

/** Pictures of a block that goes through the model. */
const BLOCK = 32;

interface ReadSet {
  readonly blocks: AsyncGenerator<ImageSet & { labels?: readonly string[] }>;
  /** All pictures for the report, where they fit into memory. */
  readonly images: ImageSet | undefined;
}

/** The pictures of a set, once for the detector, and kept for the report where they can be. */
async function readSet(set: PictureFiles, size: PictureSize, session: Session): Promise<ReadSet> {
  const images = fitsMemory(set, size) ? await readAll(set, size, session) : undefined;
  const { progress } = session;
  async function* blocks() {
    progress.start(`Evaluating ${set.name}`, set.files.length);
    let done = 0;
    if (!images) {
      for await (const { done: read, ...block } of readBlocks(set, size, session, { blockSize: BLOCK })) {
        yield block;
        progress.update(read);
      }
      return;
    }
    const [count, ...sides] = images.shape;
    const each = sides.reduce((product, side) => product * side, 1);
    for (let from = 0; from < count; from += BLOCK) {
      const to = Math.min(count, from + BLOCK);
      const own = images.images.subarray(from * each, to * each);
      const shape = [to - from, ...sides] as [number, number, number, number];
      yield { images: own, shape, ...(set.labels && { labels: set.labels.slice(from, to) }) };
      progress.update((done += to - from));
    }
  }
  return { blocks: blocks(), images };
}

/** The report: the evaluation with its pictures and what it is of; names of files, and no paths. */
function reportOf(
  result: DetectorEvaluation,
  images: readonly (ImageSet | undefined)[],
  { model, detector, title = 'How good is the detector?' }: EvaluateCommandOptions,
) {
  const pictured = <T extends object>(set: T, i: number) => ({ ...set, ...(images[i] && { images: images[i] }) });
  return {
    title,
    ...result,
    known: pictured(result.known, 0),
    out: result.out.map((set, i) => pictured(set, i + 1)),
    about: {
      model: basename(model),
      detector: basename(detector),
      'tfjs-ood': packageVersion(),
      node: process.version,
    },
  };
}

/** `evaluate`: how good a detector is, in words, numbers and a page. */
export const addEvaluate: AddCommand = (program, run) => {
  const command = program
    .command('evaluate')
    .description('How good a detector is, by known and strange pictures that it never saw: in words, and as a page.');
  addDetectorOptions(command)
    .requiredOption('--known <folder>', 'known pictures that neither trained the model nor fitted the detector')
    .requiredOption('--strange <folders...>', 'pictures of what it does not know, a set a folder: DIR, or name=DIR')
    .option('--report <folder>', 'where report.html is written', 'ood-report')
    .option('--no-report', 'no page')
    .option('--figures', 'figures for a paper beside the page, as SVG and PNG')
    .option('--title <words>', 'title of the page')
    .option('--no-labels', 'class folders of the known pictures are not their classes')
    .option('--json', 'the evaluation as JSON on stdout')
    .addHelpText(
      'after',
      helpAfter(
        'evaluate --model model.json --detector cat.detector --known fresh --strange dogs noise=random',
        'detector.evaluate({ known, strange }) of tfjs-ood/detector, writeReport(folder, report) of tfjs-ood/node',
      ),
    )
    .action((options: EvaluateCommandOptions) =>
      run(async (session, called) => {
        if (options.report !== false) await checkTargetFolder('--report', options.report);
        const knownSet = await picturesIn('--known', options.known);
        const sets = [
          options.labels ? knownSet : { ...knownSet, labels: undefined },
          ...(await strangeSets(options.strange)),
        ];
        const { detector, pictures } = await openDetector(session, called, options);
        const read: ReadSet[] = [];
        for (const set of sets) read.push(await readSet(set, pictures, session));
        const [known, ...strange] = read;
        const named = strange.map(({ blocks }, i) => [sets[i + 1]!.name, withoutLabels(blocks)] as const);
        const result = await detector.evaluate(
          { known: known!.blocks as never, strange: Object.fromEntries(named) },
          { signal: session.signal },
        );
        detector.dispose();
        let page: string | undefined;
        if (options.report !== false) {
          session.progress.start('Writing the report');
          const { writeReport } = await import('tfjs-ood/node');
          const report = reportOf(
            result,
            read.map(({ images }) => images),
            options,
          );
          [page] = await writeReport(options.report, report, { figures: options.figures === true });
        }
        if (options.json) session.print(JSON.stringify(result));
        else {
          const { evaluationTable } = await import('tfjs-ood/metrics');
          session.print(`${session.styles.strong(result.sentence)}\n`);
          const columns = ['outCount', 'auroc', 'fprAt95TprInPositive', 'auprOut'] as const;
          session.print(evaluationTable(result.evaluation, { format: 'text', columns, interval: true }).trimEnd());
        }
        if (page !== undefined) session.say(`\nReport: ${page}`);
        return EXIT.ok;
      }),
    );
};

/** Folders of strange pictures are no classes of the model. */
async function* withoutLabels(blocks: ReadSet['blocks']): AsyncGenerator<ImageSet> {
  for await (const { images, shape } of blocks) yield { images, shape };
}
