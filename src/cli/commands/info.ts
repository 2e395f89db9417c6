import type { DetectorDescription } from 'tfjs-ood/detector';
import { EXIT } from '../cli-error';
import { readDetector } from '../input/open-detector';
import { requirePackages } from '../input/packages';
import { percent, promiseText } from '../output/promise-text';
import { helpAfter, type AddCommand } from './command-frame';

const AROUND = {
  model: 'a model of tfjs, which is recognized by its weights',
  function: 'an ONNX model or another function, which is not recognized',
  outputs: 'outputs of a model in any runtime',
} as const;

const number = (value: number): string => String(Number(value.toPrecision(4)));

/** What the pixels of a picture become. */
function inputText({ input, imageShape }: DetectorDescription): string | undefined {
  if (!input) return undefined;
  const { scale, offset, size, fit } = input;
  const [height, width] = size ?? [];
  const made = size ? `made ${height} x ${width} (${fit})` : `of ${imageShape?.slice(0, 2).join(' x ')}`;
  const signed = (value: number) => `${value < 0 ? '-' : '+'} ${number(Math.abs(value))}`;
  const channels = scale?.map((factor, i) => `pixel * ${number(factor)} ${signed(offset![i]!)}`);
  const numbers = channels?.join('; ') ?? 'a function of pixels';
  return `pictures ${made}, ${numbers}`;
}

/** Line by line: what it holds, for whom, and what it promises. */
function linesOf(about: DetectorDescription): [title: string, text: string][] {
  const { kind, options, classNames, widths, names, cutPoints, calibration } = about;
  const named = Object.entries(names).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  const outputs = Object.entries(widths).map(([name, width]) => `${width} ${name}`);
  const others = Object.entries(cutPoints).filter(([name]) => name !== 'default');
  const missing = calibration.classesWithoutRow.map((index) => classNames?.[index] ?? `class ${index}`);
  const all: [string, string | undefined][] = [
    ['scorer', `${kind} ${JSON.stringify(options)}`],
    ['around', AROUND[about.around]],
    ['outputs', [...outputs, ...named].join(', ') || undefined],
    ['takes', inputText(about)],
    ['classes', classNames?.join(', ')],
    ['promise', promiseText(about)],
    ['cut-points', others.map(([name, rate]) => `${name} ${percent(rate)}`).join(', ') || undefined],
    ['not seen', missing.join(', ') || undefined],
    ['size', `${about.byteLength} bytes`],
  ];
  return all.filter((line): line is [string, string] => line[1] !== undefined);
}

/** `info`: what is in the file of a detector. */
export const addInfo: AddCommand = (program, run) => {
  program
    .command('info')
    .description('What a detector holds, for which model, and what it promises.')
    .argument('<file>', 'what `fit` wrote')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', helpAfter('info cat.detector', 'describeDetector(bytes) of tfjs-ood/detector'))
    .action((file: string, { json }: { json?: boolean }) =>
      run(async (session, called) => {
        requirePackages(called, ['@tensorflow/tfjs-core']);
        const { description } = await readDetector('the file', file);
        // The state is all numbers of the file.
        if (json) session.print(JSON.stringify({ ...description, state: undefined }, null, 2));
        else
          for (const [title, text] of linesOf(description))
            session.print(`${session.styles.strong(title.padEnd(10))}  ${text}`);
        return EXIT.ok;
      }),
    );
};
