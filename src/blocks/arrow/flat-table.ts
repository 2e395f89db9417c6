/**
 * A table of a FlatBuffers message: fields by their number, each a default where it is left out. Reading goes nowhere
 * beyond the bytes (a RangeError of DataView), and makes nothing that is not asked for.
 */
export interface FlatTable {
  int(field: number, bits: 8 | 16 | 32): number;
  long(field: number): number;
  table(field: number): FlatTable | undefined;
  text(field: number): string;
  /** Where the elements of a list begin, and how many there are. */
  list(field: number, size: number): { at: number; count: number } | undefined;
  tables(field: number): FlatTable[];
}

export function flatTable(view: DataView, at: number): FlatTable {
  const vtable = at - view.getInt32(at, true);
  const length = view.getUint16(vtable, true);
  const placeOf = (field: number): number | undefined => {
    const entry = 4 + 2 * field;
    const offset = entry + 2 <= length ? view.getUint16(vtable + entry, true) : 0;
    return offset === 0 ? undefined : at + offset;
  };
  const follow = (place: number): number => place + view.getUint32(place, true);
  const list = (field: number, size: number) => {
    const place = placeOf(field);
    if (place === undefined) return undefined;
    const start = follow(place);
    const count = view.getUint32(start, true);
    if (count * size > view.byteLength - start - 4) throw new RangeError('a list that ends early');
    return { at: start + 4, count };
  };
  return {
    int(field, bits) {
      const place = placeOf(field);
      if (place === undefined) return 0;
      return bits === 8 ? view.getUint8(place) : bits === 16 ? view.getInt16(place, true) : view.getInt32(place, true);
    },
    long(field) {
      const place = placeOf(field);
      return place === undefined ? 0 : Number(view.getBigInt64(place, true));
    },
    table(field) {
      const place = placeOf(field);
      return place === undefined ? undefined : flatTable(view, follow(place));
    },
    text(field) {
      const found = list(field, 1);
      if (!found) return '';
      return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + found.at, found.count));
    },
    list,
    tables(field) {
      const found = list(field, 4);
      if (!found) return [];
      return Array.from({ length: found.count }, (_, i) => flatTable(view, follow(found.at + 4 * i)));
    },
  };
}
