/** Size of a tar header, and of the blocks that contents are padded to. */
export const TAR_BLOCK = 512;

/** What a header says of the entry that follows. */
export interface TarHeader {
  name: string;
  size: number;
  /** '0' file, '5' folder, 'x' and 'g' attributes; others are links, devices, extensions. */
  kind: string;
}

/** A field up to its first zero byte. */
const field = (header: Buffer, from: number, length: number, encoding: 'latin1' | 'utf8' = 'latin1'): string => {
  const bytes = header.subarray(from, from + length);
  const end = bytes.indexOf(0);
  return bytes.toString(encoding, 0, end < 0 ? length : end);
};

/** An octal number with spaces around it; NaN for anything else. */
const octal = (text: string): number => (/^ *[0-7]+ *$/.test(text) ? parseInt(text.trim(), 8) : NaN);

/** Reads a header (POSIX.1-1988 ustar, or older); a string says what is wrong with it. */
export function readTarHeader(header: Buffer): TarHeader | string {
  // The checksum counts its own field as spaces.
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (octal(field(header, 148, 8)) !== sum) return 'a wrong checksum';
  const size = octal(field(header, 124, 12));
  if (!Number.isSafeInteger(size)) return `the size ${JSON.stringify(field(header, 124, 12))}`;
  // GNU's own format, 'ustar  ', has times where ustar has a prefix.
  const prefix = field(header, 257, 6) === 'ustar' ? field(header, 345, 155, 'utf8') : '';
  const name = (prefix === '' ? '' : `${prefix}/`) + field(header, 0, 100, 'utf8');
  const kind = field(header, 156, 1) || '0';
  return { name, size, kind };
}

/** Attributes of the next entry (pax): records of `<length> <key>=<value>\n`; undefined where they are damaged. */
export function readPaxAttributes(bytes: Buffer): Map<string, string> | undefined {
  const attributes = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const match = /^(\d+) ([^=]+)=/.exec(bytes.toString('utf8', at, at + 200));
    if (!match) return undefined;
    const [start, end] = [at + Buffer.byteLength(match[0]), at + Number(match[1])];
    // A length that ends before its value would come back to here forever.
    if (!(start < end && end <= bytes.length) || bytes[end - 1] !== 10) return undefined;
    const value = bytes.toString('utf8', start, end - 1);
    if (match[2] === 'size' && !/^\d+$/.test(value)) return undefined; // Number would take '', 0x10 and 1e3 too
    attributes.set(match[2]!, value);
    at = end;
  }
  return attributes;
}
