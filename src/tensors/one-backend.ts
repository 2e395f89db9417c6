import { backend, getBackend } from '@tensorflow/tfjs-core';
import { guardBackend } from './backend-room';
import { ArgumentError } from '../core/errors';

/**
 * For what holds tensors of the backend in use: the guard it returns refuses another one. tfjs would move the tensors
 * there without a word, one by one, and on backends that cannot be read at once not even right. Call it before they are
 * made: from then on an allocation that fails throws.
 */
export function oneBackend(): (where: string) => void {
  backend(); // starts one where none was used yet: it has no name before
  guardBackend();
  const first = getBackend();
  return (where) => {
    const received = getBackend();
    if (received === first) return;
    throw new ArgumentError(where, 'backend', `'${first}', whose tensors it holds`, `'${received}'`);
  };
}
