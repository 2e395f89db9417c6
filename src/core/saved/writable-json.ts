import { ArgumentError } from '../errors';
import { checkParts } from './count-parts';

/** JSON of a value that `parseJson` will read again. @throws ArgumentError where it has too many parts */
export function writableJson(where: string, what: string, value: unknown, indent?: number): string {
  const json = JSON.stringify(value, null, indent);
  try {
    checkParts(json);
  } catch (error) {
    throw new ArgumentError(where, what, 'small enough to be read again', (error as Error).message);
  }
  return json;
}
