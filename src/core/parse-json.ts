import { checkParts } from './count-parts';

/** Levels below the outermost: more than anything that is saved has, and few enough for whoever goes through them by recursion. */
export const MOST_LEVELS = 32;

/**
 * JSON.parse for texts from outside: one that is too deep is an error here, where it can be said, and does not exhaust the
 * stack of whoever shows or writes the value; so is one of too many parts, before they exhaust the memory.
 *
 * @throws SyntaxError for what is no JSON, too deep or of too many parts; the caller knows the file and says so
 */
export function parseJson(text: string): unknown {
  checkParts(text); // before it costs memory
  const value: unknown = JSON.parse(text);
  const objectsIn = (values: unknown[]) => values.filter((one) => typeof one === 'object' && one !== null);
  let level = objectsIn([value]);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) throw new SyntaxError(`more than ${MOST_LEVELS} levels`);
    level = level.flatMap((one) => objectsIn(Object.values(one)));
  }
  return value;
}
