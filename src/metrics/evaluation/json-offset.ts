/** Where in valid JSON a value begins, without recursion: its text may be deep. */

function endOfSpace(json: string, start: number): number {
  let i = start;
  while (i < json.length && ' \t\n\r'.includes(json[i]!)) i++;
  return i;
}

/** Index past the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}

/** Index past the value that begins at `start`. */
function endOfValue(json: string, start: number): number {
  let [i, depth] = [start, 0];
  for (;;) {
    const character = json[i]!;
    if (character === '"') i = endOfString(json, i);
    else {
      if (character === '{' || character === '[') depth++;
      if (character === '}' || character === ']') depth--;
      i++;
    }
    if (depth > 0) continue;
    // A number or a word ends before what follows it.
    if ('"}]'.includes(character) || i >= json.length || ',}] \t\n\r'.includes(json[i]!)) return i;
  }
}

/** Where the named member of the object or array at `start` begins; of equal names the last, as JSON.parse has it. */
function memberOf(json: string, start: number, name: string): number | undefined {
  const isObject = json[start] === '{';
  if (!isObject && json[start] !== '[') return undefined;
  let [i, index, found]: [number, number, number | undefined] = [endOfSpace(json, start + 1), 0, undefined];
  while (json[i] !== '}' && json[i] !== ']') {
    let key = String(index++);
    if (isObject) {
      const end = endOfString(json, i);
      key = JSON.parse(json.slice(i, end)) as string;
      i = endOfSpace(json, endOfSpace(json, end) + 1); // past the colon
    }
    if (key === name) found = i;
    i = endOfSpace(json, endOfValue(json, i));
    if (json[i] === ',') i = endOfSpace(json, i + 1);
  }
  return found;
}

/** Byte (of UTF-8) at which the value at `path` begins, or the innermost one on the way where it is missing. */
export function byteOffsetOf(json: string, path: readonly string[]): number {
  let place = endOfSpace(json, 0);
  for (const name of path) {
    const next = memberOf(json, place, name);
    if (next === undefined) break;
    place = next;
  }
  return new TextEncoder().encode(json.slice(0, place)).length;
}
