import { readFile } from 'node:fs/promises';
import { CliError, EXIT } from '../cli-error';
import { readDetector } from '../input/open-detector';
import { requirePackages } from '../input/packages';
import { checkFile, checkTarget } from '../input/paths';
import { helpAfter, type AddCommand } from './command-frame';

interface ExportOptions {
  readonly detector: string;
  readonly out: string;
  readonly model?: string;
  readonly prefix?: string;
  readonly features?: string;
  readonly logits?: string;
  readonly label: boolean;
  readonly acceptNoLabelSets?: boolean;
}

/** Of what was given for the model that the detector is joined with. */
function checkJoined({ model, prefix, features, logits }: ExportOptions): void {
  const lonely = Object.entries({ '--prefix': prefix, '--features': features, '--logits': logits });
  const [option] = lonely.find(([, value]) => value !== undefined) ?? [];
  if (model === undefined && option)
    throw new CliError(`${option}: belongs to --model, which is not given`, EXIT.wrongUsage);
  if (model !== undefined && !model.toLowerCase().endsWith('.onnx'))
    throw new CliError(`--model: must be an .onnx file to be joined with, and ${model} is not`);
}

/** `export`: a detector as ONNX, alone or behind its model. */
export const addExport: AddCommand = (program, run) => {
  program
    .command('export')
    .alias('onnx')
    .description('Writes a detector as an ONNX file for any engine, alone or joined with its ONNX model.')
    .requiredOption('--detector <file>', 'what `fit` wrote')
    .requiredOption('--out <file>', 'where the .onnx is written')
    .option('--model <file>', 'the .onnx model that it is joined with')
    .option('--features <name>', 'tensor of the model with the features, where it cannot be found')
    .option('--logits <name>', 'the same of the logits')
    .option('--prefix <letters>', 'what the names of the new outputs begin with')
    .option('--no-label', 'no label, and so no logits for it')
    .option('--accept-no-label-sets', 'leaves label sets out, which have no graph')
    .addHelpText(
      'after',
      helpAfter(
        'export --detector cat.detector --model cat.onnx --out judged.onnx',
        'describeDetector(bytes) of tfjs-ood/detector; detectorToOnnx, joinOnnx of tfjs-ood/onnx',
      ),
    )
    .action((options: ExportOptions) =>
      run(async (session, called) => {
        checkJoined(options);
        await checkTarget('--out', options.out);
        if (options.model !== undefined) await checkFile('--model', options.model);
        requirePackages(called, ['@tensorflow/tfjs-core']);
        const { description } = await readDetector('--detector', options.detector);
        const { detectorToOnnx, joinOnnx } = await import('tfjs-ood/onnx');
        const { writeFileAtomic } = await import('tfjs-ood/node');
        const how = { withLabel: options.label, acceptNoLabelSets: options.acceptNoLabelSets === true };
        const { prefix, features, logits } = options;
        const graph =
          options.model === undefined
            ? detectorToOnnx(description, how)
            : joinOnnx(new Uint8Array(await readFile(options.model)), description, {
                ...how,
                ...(prefix !== undefined && { prefix }),
                ...(features !== undefined && { features }),
                ...(logits !== undefined && { logits }),
              });
        await writeFileAtomic(options.out, graph);
        const what = options.model === undefined ? 'the detector' : 'model and detector';
        session.print(`${session.styles.strong(options.out)}: ${what} as ONNX, ${graph.length} bytes.`);
        return EXIT.ok;
      }),
    );
};
