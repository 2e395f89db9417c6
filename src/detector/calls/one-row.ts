import { ArgumentError } from '../../core/errors';
import { isStream } from '../known/block-stream';

/** Throws unless it is one image, or row, that a single verdict is asked for. */
export function checkOne(where: string, what: string, count: number): void {
  if (count !== 1) throw new ArgumentError(where, what, 'one alone (predict takes many)', count || 'none');
}

/** Throws for a stream, of which nobody knows how many there are. */
export function checkNoStream(where: string, what: string, given: unknown): void {
  if (isStream(given)) throw new ArgumentError(where, what, 'one alone (predict takes many)', 'a stream');
}
