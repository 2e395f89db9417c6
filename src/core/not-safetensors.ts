/** Beginnings of what people have in the place of a safetensors file. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\s*</, 'an HTML page'],
  [/^version https/, 'a pointer of Git LFS (git lfs pull)'],
  [/^PK/, 'a ZIP archive, as of torch.save'],
];

/** What the bytes are, where they are plainly no safetensors file. */
export function notSafetensors(bytes: Uint8Array): string | undefined {
  // A header length below 2^32: that of a header of 60 bytes begins as a page does.
  if (bytes.length > 7 && bytes.subarray(4, 8).every((byte) => byte === 0)) return undefined;
  const start = new TextDecoder().decode(bytes.subarray(0, 64)); // leaves a byte-order mark out
  return OTHERS.find(([pattern]) => pattern.test(start))?.[1];
}
