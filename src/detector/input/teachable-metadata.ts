import type { Rule } from '../../core/check';
import { isRecord } from '../../core/saved/json';
import type { ModelInput } from './model-input';

/** What is used of the parsed `metadata.json` beside a model of Teachable Machine. */
export interface TeachableMetadata {
  /** `@teachablemachine/image` or `@teachablemachine/pose`; audio models have none. */
  readonly packageName?: string;
  /** Names of the classes, of images and poses. */
  readonly labels?: readonly string[];
  /** Names of the classes, of audio. */
  readonly wordLabels?: readonly string[];
}

const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string');

const isImage = ({ packageName }: TeachableMetadata): boolean => packageName === '@teachablemachine/image';

export const METADATA_JSON: Rule = {
  expected:
    "the parsed metadata.json of Teachable Machine: { packageName: '@teachablemachine/image', labels }, or of audio " +
    '{ wordLabels }',
  holds: (value: unknown) =>
    isRecord(value) &&
    (isImage(value) || value.packageName === '@teachablemachine/pose'
      ? isNames(value.labels)
      : isNames(value.wordLabels)),
};

/**
 * What metadata say of a model's input and classes.
 *
 * Its library for images (teachablemachine-community, libraries/image/src/utils/tf.ts, `capture`) gives the model the
 * middle square of an image as pixels.toFloat().div(127).sub(1), of 224 x 224 x 3; so white is 1.0079, and not 1. Audio
 * has { tfjsSpeechCommandsVersion, modelName, wordLabels } and takes spectrograms, poses take key points: neither is
 * given pixels.
 */
export function readMetadata(metadata: TeachableMetadata): {
  input: ModelInput | undefined;
  classNames: readonly string[] | undefined;
} {
  return {
    input: isImage(metadata) ? { scale: 1 / 127, offset: -1 } : undefined,
    classNames: metadata.labels ?? metadata.wordLabels,
  };
}
