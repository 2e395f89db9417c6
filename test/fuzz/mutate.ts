import type { Random } from 'tfjs-ood';

/** Bytes and numbers at which readers go wrong. */
const BYTES = [0, 1, 0x7f, 0x80, 0xff];
const INTEGERS = [0, 1, 2, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const TEXTS = ['0', '-0', '-1', '1', '00', '255', '256', '65536', '2147483648', '4294967295', '1099511627776'].concat([
  '9007199254740993',
  '18446744073709551616',
  '1e400',
  '1e-400',
  '0.5',
  'null',
  '""',
  '[]',
  '{}',
  'true',
  '-',
  '',
]);
const LONGEST = 65_536;

const isDigit = (byte: number) => byte >= 48 && byte <= 57;
const splice = (bytes: Uint8Array, from: number, to: number, put: Uint8Array): Uint8Array => {
  const result = new Uint8Array(bytes.length - (to - from) + put.length);
  result.set(bytes.subarray(0, from));
  result.set(put, from);
  result.set(bytes.subarray(to), from + put.length);
  return result;
};

/** Somewhere in the file; half of the time near its start, where headers are. */
const placeIn = (length: number, random: Random) =>
  random.integer(random.integer(2) === 0 ? Math.min(length, 160) : length);

/** One change; it may be of the bytes themselves. */
function change(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  const at = placeIn(bytes.length, random);
  const block = () => at + 1 + random.integer(Math.min(bytes.length - at, 1 << random.integer(10)));
  switch (random.integer(12)) {
    case 0:
    case 1:
      bytes[at]! ^= 1 << random.integer(8);
      return bytes;
    case 2:
    case 3:
      bytes[at] = BYTES[random.integer(BYTES.length)]!;
      return bytes;
    case 4:
      bytes[at] = random.integer(256);
      return bytes;
    case 5:
    case 6: {
      const width = [2, 4, 8][random.integer(3)]!;
      if (at + width > bytes.length) return bytes;
      const value =
        BigInt(INTEGERS[random.integer(INTEGERS.length)]!) << BigInt(random.integer(width === 8 ? 2 : 1) * 32);
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, width);
      const isLittle = random.integer(2) === 0;
      if (width === 2) view.setUint16(0, Number(value & 0xffffn), isLittle);
      else if (width === 4) view.setUint32(0, Number(value), isLittle);
      else view.setBigUint64(0, value, isLittle);
      return bytes;
    }
    case 7:
      return bytes.slice(
        0,
        random.integer(2) === 0 ? at : bytes.length - 1 - random.integer(Math.min(bytes.length, 16)),
      );
    case 8: {
      const end = block();
      return splice(bytes, at, end, new Uint8Array());
    }
    case 9: {
      const end = block();
      const to = placeIn(bytes.length, random);
      return splice(bytes, to, to, bytes.slice(at, end));
    }
    case 10: {
      const other = others[random.integer(others.length)]!;
      return splice(
        bytes,
        at,
        bytes.length,
        other.subarray(random.integer(2) === 0 ? at : placeIn(other.length, random)),
      );
    }
    default: {
      // A number in words, from the first digit after a place.
      let first = at;
      while (first < bytes.length && !isDigit(bytes[first]!)) first++;
      if (first === bytes.length) return bytes;
      let end = first;
      while (end < bytes.length && isDigit(bytes[end]!)) end++;
      return splice(bytes, first, end, new TextEncoder().encode(TEXTS[random.integer(TEXTS.length)]));
    }
  }
}

/** The bytes with one to six changes, mostly few. The same random numbers make the same ones. */
export function mutate(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let changed: Uint8Array = new Uint8Array(bytes); // not `slice`: that of a Node Buffer is a view
  for (let left = 1 + random.integer(1 + random.integer(6)); left > 0 && changed.length > 0; left--) {
    changed = change(changed, others, random).subarray(0, LONGEST);
  }
  return changed;
}
