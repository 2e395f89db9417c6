import type { io } from '@tensorflow/tfjs-core';
import { artifactsOf, bytesOf } from '../detector/detector-artifacts';
import { FormatError } from '../core/errors';
import { readWholeFile } from './read-regular-file';
import { writeFileAtomic } from './write-file-atomic';

/**
 * A place for a detector in a file: one `.safetensors`, which Python's safetensors package opens too.
 *
 * Written aside and renamed: nothing half-written stands under the name.
 *
 * @throws StorageError where the file cannot be written, FormatError for a folder, pipe or device, an error of Node's
 *   where the file cannot be read
 * @example
 * await detector.save(detectorFile('detector.safetensors'));
 * const again = await loadDetector(model, detectorFile('detector.safetensors'), { scorer: mahalanobis() });
 */
export function detectorFile(path: string): io.IOHandler {
  return {
    async save(artifacts) {
      const bytes = bytesOf(artifacts);
      if (!bytes) {
        throw new FormatError('detectorFile', path, 'a detector (a model is saved through tfjs)', 'something else');
      }
      await writeFileAtomic(path, bytes);
      return {
        modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON', weightDataBytes: bytes.length },
      };
    },
    load: async () => artifactsOf(await readWholeFile('detectorFile', path)),
  };
}
