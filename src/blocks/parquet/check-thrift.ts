const DEEPEST = 16;
/** What a 64-bit number has at most. */
const LONGEST_NUMBER = 10;

/**
 * The length of a structure of Thrift's compact protocol that begins at a byte, without making anything of it: lists
 * are no longer than the bytes there are. Undefined where it goes past the end.
 *
 * @throws Error for what is no such structure; who reads a file names it
 */
export function thriftLength(bytes: Uint8Array, from: number): number | undefined {
  let at = from;
  const number = (): number => {
    let value = 0;
    for (let i = 0; i < LONGEST_NUMBER; i++) {
      if (at >= bytes.length) throw END;
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    throw new Error('a number without an end');
  };
  const skip = (count: number) => {
    if (count > bytes.length - at) throw END;
    at += count;
  };
  const element = (type: number, depth: number, isInList: boolean): void => {
    if (depth > DEEPEST) throw new Error(`more than ${DEEPEST} levels`);
    if (type === 1 || type === 2) skip(isInList ? 1 : 0);
    else if (type === 3) skip(1);
    else if (type === 4 || type === 5 || type === 6) number();
    else if (type === 7) skip(8);
    else if (type === 8) skip(number());
    else if (type === 9) {
      skip(1);
      const head = bytes[at - 1]!;
      const count = head >> 4 === 15 ? number() : head >> 4;
      if (count > bytes.length - at) throw END;
      for (let i = 0; i < count; i++) element(head & 15, depth + 1, true);
    } else if (type === 12) struct(depth + 1);
    else throw new Error(`the type ${type}`);
  };
  const struct = (depth: number): void => {
    for (;;) {
      skip(1);
      const head = bytes[at - 1]!;
      if ((head & 15) === 0) return;
      if (head >> 4 === 0) number();
      element(head & 15, depth, false);
    }
  };
  try {
    struct(0);
    return at - from;
  } catch (error) {
    if (error === END) return undefined;
    throw error;
  }
}

const END = /* @__PURE__ */ new Error('the end');
