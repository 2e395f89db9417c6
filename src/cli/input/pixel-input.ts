import type { Command } from 'commander';
import { CliError } from '../cli-error';
import type { PixelInput } from 'tfjs-ood/detector';
import { describedOption } from './described-option';
import type { OpenedModel } from './open-model';
import { commaNames, sides } from './parse-values';
import type { PictureSize } from './pictures';

/** What becomes of pictures before a model sees them. */
export interface PixelOptions {
  readonly size?: [height: number, width: number];
  readonly resize?: 'fill' | 'cover';
  readonly input?: keyof typeof INPUTS;
  readonly classes?: string[];
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** What a model takes for pixels of 0..255. */
const INPUTS = {
  '0..1': { range: '0..1' },
  '-1..1': { range: '-1..1' },
  '0..255': { range: '0..255' },
  imagenet: {
    scale: IMAGENET.deviation.map((deviation) => 1 / (255 * deviation)),
    offset: IMAGENET.mean.map((mean, i) => -mean / IMAGENET.deviation[i]!),
  },
} as const satisfies Record<string, PixelInput>;

export function addPixelOptions(command: Command): Command {
  return command
    .addOption(
      describedOption('--size <pixels>', 'pictures are made so large: 224, or 224x160 (height x width)', {
        parse: sides,
        default: 'what the model takes',
      }),
    )
    .addOption(
      describedOption('--resize <how>', 'fill squeezes a picture, cover cuts the middle out', {
        choices: ['fill', 'cover'],
        default: 'fill, of Teachable Machine cover',
      }),
    )
    .addOption(
      describedOption(
        '--input <numbers>',
        "what the model takes for pixels; imagenet: (x - mean) / deviation, as torchvision's",
        { choices: Object.keys(INPUTS), default: 'what its first layers or metadata.json show, else 0..1' },
      ),
    )
    .option('--classes <names>', "the classes in the order of the model's outputs: cat,dog,owl", commaNames);
}

/** How pictures are read for a model, and what the detector is told of it. */
export function pixelPlan({ size: own, channels, metadata }: OpenedModel, options: PixelOptions) {
  if (own && options.size && own.join() !== options.size.join()) {
    throw new CliError(`--size: the model takes ${own.join(' x ')}, and no ${options.size.join(' x ')}`);
  }
  const size = options.size ?? own;
  const resize = options.resize ?? (metadata ? 'cover' : 'fill');
  const input: PixelInput = {
    ...(options.input && INPUTS[options.input]),
    ...(size && { size, fit: resize }),
  };
  const pictures: PictureSize = { size, resize, channels };
  return { pictures, input: Object.keys(input).length > 0 ? input : undefined };
}
