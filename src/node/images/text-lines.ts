/** The encoding of a text, by its mark; without one by where the zero byte of its first letter lies. */
function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

/**
 * Lines of a text as editors and shells write it: UTF-8, or UTF-16 as PowerShell's `>` does, with or without a
 * byte-order mark; ended by LF, CR LF or CR alone.
 */
export function textLines(bytes: Uint8Array): string[] {
  return new TextDecoder(encodingOf(bytes)).decode(bytes).split(/\r\n|\r|\n/);
}
