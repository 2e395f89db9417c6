import { checkParts } from './count-parts';

/**
 * Parses the JSON header of a safetensors file: an object of objects, arrays and plain values, four levels deep at
 * most.
 *
 * JSON.parse keeps the last of two equal names without a word; here a name that comes twice in one object, at any
 * depth, is an error, and so is `__proto__`.
 *
 * @throws SyntaxError or TypeError for what is no such header, or has too many parts; the caller knows the file and
 *   says so
 */
export function parseHeader(text: Uint8Array): Record<string, unknown> {
  const json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  if (!json.startsWith('{')) throw new SyntaxError(`a header that begins with ${JSON.stringify(json.slice(0, 8))}`);
  checkParts(json); // before it costs memory
  const header = JSON.parse(json) as Record<string, unknown>;
  checkNames(json);
  return header;
}

/**
 * Entries hold arrays of numbers, one level below them: whatever is deeper is no header, and could exhaust the stack.
 */
const DEEPEST = 4;

/** Walks through valid JSON once, without recursion or a regular expression: headers can be long. */
function checkNames(json: string): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{' || character === '[') {
      if (open.push(new Set()) > DEEPEST) throw new SyntaxError(`more than ${DEEPEST} levels`);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const start = i;
      i = endOfString(json, start);
      let next = i + 1;
      while (' \t\n\r'.includes(json[next]!)) next++;
      if (json[next] !== ':') continue;
      const name = JSON.parse(json.slice(start, i + 1)) as string;
      if (name === '__proto__') throw new SyntaxError('the name __proto__');
      if (open.at(-1)!.has(name)) throw new SyntaxError(`the name ${name} twice`);
      open.at(-1)!.add(name);
    }
  }
}

/** Index of the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i;
}
