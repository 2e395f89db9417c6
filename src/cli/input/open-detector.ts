import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Detector, DetectorDescription } from 'tfjs-ood/detector';
import { CliError } from '../cli-error';
import type { Session } from '../session';
import type { Called } from '../commands/command-frame';
import { checkFile } from './paths';
import type { PictureSize } from './pictures';
import { addModelOptions, openGivenModel, type ModelOptions } from './with-model';

export interface DetectorFileOptions extends ModelOptions {
  readonly detector: string;
}

/** The options of a model with its detector. */
export const addDetectorOptions = (command: Command): Command =>
  addModelOptions(command).requiredOption('--detector <file>', 'what `fit` wrote');

/** The bytes of a detector, and what they hold. */
export async function readDetector(option: string, path: string) {
  await checkFile(option, path);
  const { describeDetector } = await import('tfjs-ood/detector');
  const bytes = new Uint8Array(await readFile(path));
  try {
    return { bytes, description: describeDetector(bytes) };
  } catch (error) {
    const { details } = error as { details?: { expected: string; received: string } };
    if (!details) throw error;
    throw new CliError(`${option}: ${path} is no detector (expected ${details.expected}, got ${details.received})`);
  }
}

/** How pictures are read for a detector: as at the fit. */
export function picturesFor({ input, imageShape, around }: DetectorDescription, path: string): PictureSize {
  if (around === 'outputs' || imageShape?.length !== 3) {
    throw new CliError(`--detector: ${path} was not fitted on pictures (tfjs-ood info ${path} says on what)`);
  }
  const [height, width] = (input?.size ?? []) as [number?, number?];
  return {
    size: height && width ? [height, width] : undefined,
    resize: input?.fit === 'cover' ? 'cover' : 'fill',
    channels: imageShape[2],
  };
}

/** A detector around its model, and how its pictures are read. */
export async function openDetector(
  session: Session,
  called: Called,
  options: DetectorFileOptions,
): Promise<{ detector: Detector; description: DetectorDescription; pictures: PictureSize }> {
  await checkFile('--detector', options.detector);
  const { model, blockSize } = await openGivenModel(session, called, options);
  const { bytes, description } = await readDetector('--detector', options.detector);
  const pictures = picturesFor(description, options.detector);
  const { loadDetector, scorerMethods } = await import('tfjs-ood/detector');
  const detector = await loadDetector(model, bytes, {
    methods: scorerMethods,
    signal: session.signal,
    ...(blockSize && { blockSize }),
  });
  return { detector, description, pictures };
}
