/** What a pickle of data builds, without a limit or a check: for those that the careful reader has accepted. */
export function naivePickle(bytes: Uint8Array): unknown {
  const file = Buffer.from(bytes);
  const mark = {};
  const stack: unknown[] = [];
  const memo: unknown[] = [];
  let at = 0;
  const next = (count: number) => file.subarray(at, (at += count));
  const u32 = () => next(4).readUInt32LE();
  const u64 = () => Number(next(8).readBigUInt64LE());
  const line = () =>
    next(file.indexOf(10, at) - at + 1)
      .toString('latin1')
      .slice(0, -1);
  const toMark = () => {
    const from = stack.lastIndexOf(mark);
    return stack.splice(from).slice(1);
  };
  const last = (count: number) => stack.splice(stack.length - count);
  const pairs = (items: unknown[]) => {
    const target = stack.at(-1) as Map<unknown, unknown>;
    for (let i = 0; i < items.length; i += 2) target.set(keyOf(items[i]), items[i + 1]);
  };
  for (;;) {
    const opcode = String.fromCharCode(next(1)[0]!);
    switch (opcode) {
      case '\x80':
        at++;
        break;
      case '\x95':
        at += 8;
        break;
      case '(':
        stack.push(mark);
        break;
      case '0':
        stack.pop();
        break;
      case '1':
        toMark();
        break;
      case 'N':
        stack.push(null);
        break;
      case '\x88':
      case '\x89':
        stack.push(opcode === '\x88');
        break;
      case 'K':
        stack.push(next(1)[0]);
        break;
      case 'M':
        stack.push(next(2).readUInt16LE());
        break;
      case 'J':
        stack.push(next(4).readInt32LE());
        break;
      case '\x8a': {
        const width = next(1)[0]!;
        stack.push(
          width === 0
            ? 0
            : Number(BigInt.asIntN(8 * width, BigInt('0x' + Buffer.from(next(width)).reverse().toString('hex')))),
        );
        break;
      }
      case 'G':
        stack.push(next(8).readDoubleBE());
        break;
      case 'U':
      case 'C':
        stack.push(next(next(1)[0]!));
        break;
      case 'T':
      case 'B':
        stack.push(next(u32()));
        break;
      case '\x8e':
      case '\x96':
        stack.push(next(u64()));
        break;
      case '\x8c':
        stack.push(next(next(1)[0]!).toString());
        break;
      case 'X':
        stack.push(next(u32()).toString());
        break;
      case '\x8d':
        stack.push(next(u64()).toString());
        break;
      case ')':
        stack.push({ tuple: [] });
        break;
      case '\x85':
      case '\x86':
      case '\x87':
        stack.push({ tuple: last(opcode.charCodeAt(0) - 0x84) });
        break;
      case 't':
        stack.push({ tuple: toMark() });
        break;
      case ']':
        stack.push([]);
        break;
      case 'a':
      case 'e': {
        const items = opcode === 'a' ? last(1) : toMark();
        (stack.at(-1) as unknown[]).push(...items);
        break;
      }
      case '}':
        stack.push(new Map());
        break;
      case 's':
        pairs(last(2));
        break;
      case 'u':
        pairs(toMark());
        break;
      case 'c':
        stack.push({ global: `${line()}.${line()}` });
        break;
      case '\x93':
        stack.push({ global: last(2).map(keyOf).join('.') });
        break;
      case 'R': {
        const [callee, { tuple }] = last(2) as [{ global: string }, { tuple: unknown[] }];
        if (callee.global === '_codecs.encode') stack.push(Buffer.from(tuple[0] as string, 'latin1'));
        else if (callee.global.endsWith('_frombuffer')) stack.push({ raw: tuple[0], dtype: tuple[1], shape: tuple[2] });
        else if (callee.global === 'numpy.dtype') stack.push({ name: keyOf(tuple[0]) });
        else stack.push({}); // an array, which BUILD fills
        break;
      }
      case 'b': {
        const [target, state] = last(2) as [object, { tuple?: unknown[] } | null];
        // Of an array (version, shape, dtype, is Fortran order, bytes); of a dtype (version, byte order, ...).
        const [, second, dtype, , raw] = state?.tuple ?? [];
        stack.push(Object.assign(target, 'name' in target ? { order: keyOf(second) } : { shape: second, dtype, raw }));
        break;
      }
      case 'q':
        memo[next(1)[0]!] = stack.at(-1);
        break;
      case 'r':
        memo[u32()] = stack.at(-1);
        break;
      case '\x94':
        memo[Object.keys(memo).length] = stack.at(-1);
        break;
      case 'h':
        stack.push(memo[next(1)[0]!]);
        break;
      case 'j':
        stack.push(memo[u32()]);
        break;
      case '.':
        return stack.pop();
      default:
        throw new Error(`opcode ${JSON.stringify(opcode)}`);
    }
  }
}

/** The numbers of a list, or of an array of whole numbers. */
export function naiveNumbers(value: unknown): number[] {
  if (Array.isArray(value)) return value as number[];
  const { raw, dtype } = value as { raw: Uint8Array; dtype: { name: string; order?: string } };
  const name = dtype.name.replace('uint8', 'u1');
  const [kind, width] = [/[ui]/.exec(name)![0], Number(/\d/.exec(name)![0])];
  const isBig = name.startsWith('>') || dtype.order === '>';
  return Array.from({ length: raw.length / width }, (_, i) => {
    const bytes = Buffer.from(raw.subarray(i * width, (i + 1) * width));
    const bits = BigInt(`0x${(isBig ? bytes : bytes.reverse()).toString('hex')}`);
    return Number(kind === 'i' ? BigInt.asIntN(8 * width, bits) : bits);
  });
}

const keyOf = (key: unknown): unknown => (key instanceof Uint8Array ? Buffer.from(key).toString('latin1') : key);
