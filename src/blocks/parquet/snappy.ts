/** Shorter runs are copied byte by byte: a call costs more than they do. */
const SHORT = 24;

/**
 * Undoes Snappy's raw format (google/snappy, format_description.txt) into `out`, which is as long as the file says.
 * hyparquet's own copies byte by byte to new memory: numbers, of which hardly any comes again, are long literals.
 *
 * @throws Error for what is damaged
 */
export function snappyInto(packed: Uint8Array, out: Uint8Array): void {
  const [end, size] = [packed.length, out.length];
  let [at, to] = [0, 0];
  const early = () => new Error('compressed bytes that end early');
  let length = 0;
  for (let i = 0; ; i++) {
    if (at >= end || i > 4) throw early();
    const byte = packed[at++]!;
    length += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) break;
  }
  if (length !== size) throw new Error(`compressed bytes of ${length}, where the page says ${size}`);
  while (at < end) {
    const tag = packed[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let count = tag >> 2;
      if (count >= 60) {
        const bytes = count - 59;
        if (at + bytes > end) throw early();
        count = 0;
        for (let i = 0; i < bytes; i++) count += packed[at++]! * 2 ** (8 * i);
      }
      count++;
      if (count > end - at || count > size - to) throw early();
      if (count <= SHORT) for (const until = to + count; to < until;) out[to++] = packed[at++]!;
      else {
        out.set(packed.subarray(at, at + count), to);
        at += count;
        to += count;
      }
      continue;
    }
    const bytes = kind === 3 ? 4 : kind;
    if (at + bytes > end) throw early();
    let count = (tag >> 2) + 1;
    let back = packed[at]!;
    if (kind === 1) {
      count = ((tag >> 2) & 7) + 4;
      back += (tag >> 5) << 8;
    } else {
      back += packed[at + 1]! << 8;
      if (kind === 3) back += packed[at + 2]! * 2 ** 16 + packed[at + 3]! * 2 ** 24;
    }
    at += bytes;
    if (back === 0 || back > to) throw new Error(`compressed bytes that go back ${back} of ${to}`);
    if (count > size - to) throw early();
    // What is copied may be what the copy itself writes
    for (let from = to - back, until = to + count; to < until;) out[to++] = out[from++]!;
  }
  if (to !== size) throw early();
}
