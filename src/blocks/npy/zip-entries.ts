import { otherFormat } from '../bytes/other-format';
import type { Shard } from '../bytes/shard';
import { inflatedFeed, plainFeed, type ByteFeed } from './byte-feed';

/** A file within a zip file. */
export interface ZipEntry {
  name: string;
  /** Bytes of it, without compression. */
  size: number;
  feed(): Promise<ByteFeed>;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** Bytes of the end mark, of the longest comment behind it, and of what stands before it in a zip64 file. */
const TAIL = 22 + 65_535 + 20;
const LARGEST_LIST = 2 ** 26;
const UNKNOWN = 0xffffffff;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const big = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Where the list of entries lies. */
async function findList(shard: Shard): Promise<{ start: number; size: number; count: number }> {
  const from = Math.max(0, shard.size - TAIL);
  const tail = viewOf(await shard.read(from, shard.size));
  for (let at = tail.byteLength - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END || tail.getUint16(at + 20, true) !== tail.byteLength - at - 22) continue;
    const [count, size, start] = [
      tail.getUint16(at + 10, true),
      tail.getUint32(at + 12, true),
      tail.getUint32(at + 16, true),
    ];
    if (count !== 0xffff && size !== UNKNOWN && start !== UNKNOWN) return { start, size, count };
    if (at < 20 || tail.getUint32(at - 20, true) !== LOCATOR_64) break;
    const place = big(tail, at - 20 + 8);
    const end = viewOf(await shard.read(place, place + 56));
    if (end.getUint32(0, true) !== END_64) break;
    return { count: big(end, 32), size: big(end, 40), start: big(end, 48) };
  }
  const other = await otherFormat(shard, 'another end');
  throw shard.refuse('a zip file, with the list of its entries at the end (is it cut short?)', other);
}

/** Sizes and place that a zip64 entry has in its extra field. */
function sizes64(extra: DataView, sizes: number[]): number[] {
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const [id, length] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    at += 4;
    if (id === 1) {
      let next = at;
      return sizes.map((size) => {
        if (size !== UNKNOWN || next + 8 > Math.min(at + length, extra.byteLength)) return size;
        next += 8;
        return big(extra, next - 8);
      });
    }
    at += length;
  }
  return sizes;
}

/** The entries of a zip file. Sizes are checked against what comes out. @throws FormatError */
export async function zipEntries(shard: Shard): Promise<ZipEntry[]> {
  const { start, size, count } = await findList(shard);
  if (size > LARGEST_LIST) throw shard.refuse(`a zip file with a list of at most ${LARGEST_LIST} bytes`, size);
  const bytes = await shard.read(start, start + size);
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  const damaged = () => shard.refuse('a zip file with a whole list of entries', 'a damaged one', start + at);
  for (let i = 0; i < count; i++) {
    if (at + 46 > size || view.getUint32(at, true) !== CENTRAL) throw damaged();
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const nameEnd = at + 46 + nameLength;
    if (nameEnd + extraLength + commentLength > size) throw damaged();
    const name = new TextDecoder().decode(bytes.subarray(at + 46, nameEnd));
    const given = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    const [whole, packed, place] = sizes64(viewOf(bytes.subarray(nameEnd, nameEnd + extraLength)), given) as [
      number,
      number,
      number,
    ];
    at = nameEnd + extraLength + commentLength;
    entries.push({ name, size: whole, feed: () => feedOf(shard, { name, flags, method, whole, packed, place }) });
  }
  return entries;
}

interface Listed {
  name: string;
  flags: number;
  method: number;
  whole: number;
  packed: number;
  place: number;
}

async function feedOf(shard: Shard, { name, flags, method, whole, packed, place }: Listed): Promise<ByteFeed> {
  if (flags & 1) throw shard.refuse(`a zip file with ${name} not encrypted`, 'an encrypted one');
  if (method !== 0 && method !== 8)
    throw shard.refuse(`a zip file with ${name} stored or deflated`, `method ${method}`);
  const head = viewOf(await shard.read(place, place + 30));
  if (head.getUint32(0, true) !== LOCAL) throw shard.refuse(`a zip file that holds ${name}`, 'something else', place);
  const start = place + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  if (method === 8) return inflatedFeed(shard, start, start + packed, whole);
  if (whole !== packed) throw shard.refuse(`a zip file with ${whole} bytes of ${name}`, packed);
  return plainFeed(shard, start, start + packed);
}
