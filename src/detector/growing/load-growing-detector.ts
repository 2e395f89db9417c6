import { bytesFrom, type DetectorTarget } from '../detector-io';
import { growingDetectorOf, type GrowingDetector } from './growing-detector';
import { decodeGrowing } from './growing-state';

/**
 * The detector that `save` or `toBytes` wrote, as it was: it goes on growing, and its distances are the same bit for
 * bit.
 *
 * @param source bytes, a URL of tfjs, an `io.IOHandler`, or, in Node, the path of a file
 * @throws FormatError where it is no growing detector, ArgumentError where it cannot be read
 * @example
 * const detector = growingDetector({ alpha: 0.1 });
 * await detector.add(features, labels);
 * const again = await loadGrowingDetector(detector.toBytes());
 * await again.remove(2);
 */
export async function loadGrowingDetector(source: Uint8Array | DetectorTarget): Promise<GrowingDetector> {
  const where = 'loadGrowingDetector';
  const bytes = source instanceof Uint8Array ? source : await bytesFrom(where, source);
  const { bank, settings } = decodeGrowing(where, bytes);
  return growingDetectorOf(settings, bank);
}
