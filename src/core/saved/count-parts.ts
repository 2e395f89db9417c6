/**
 * Most commas, colons and opening brackets in a JSON text from outside, those in strings not counted.
 *
 * A number of two bytes, or an entry of fifty with its names and lists, becomes objects of ten times the memory, and
 * each name is looked at. Half a million parts are 40,000 arrays in a header, more than any model's files have, and
 * take about a second and 100 MB; the length of the text bounds them only at minutes and gigabytes. Long strings are
 * harmless, and not counted.
 */
export const MOST_PARTS = 0x80000;

// As numbers: what is computed here would stay in every bundle.
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/**
 * Commas, colons and opening brackets outside strings: what bounds the values of a JSON text before it is parsed. Ends
 * past the most.
 */
function countParts(json: string): number {
  let parts = 0;
  for (let i = 0; i < json.length && parts <= MOST_PARTS; i++) {
    const code = json.charCodeAt(i);
    if (code === QUOTE) {
      for (i++; i < json.length; i++) {
        const inner = json.charCodeAt(i);
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) i++;
      }
    } else if (code === COMMA || code === COLON || code === BRACKET || code === BRACE) parts++;
  }
  return parts;
}

/**
 * Throws unless a text has few enough parts; whoever writes one asks too, so that it can be read again.
 *
 * @throws SyntaxError
 */
export function checkParts(json: string): void {
  if (countParts(json) <= MOST_PARTS) return;
  throw new SyntaxError(`more than ${MOST_PARTS} commas, colons and brackets`);
}
