/** Beginnings of what people have in the place of a safetensors file, and what to do. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\s*</, 'an HTML or XML page (look at the address)'],
  [/^version https:\/\/git-lfs/, 'a pointer of Git LFS (git lfs pull fetches the file)'],
  [/^\S*annex\/objects\//, 'a pointer of git-annex (git annex get fetches the file)'],
  [/^PK[^ -~]{2}/, 'a ZIP archive, as torch.save writes (safetensors.torch.save_file writes safetensors)'],
  [/^\s*[{[]/, 'JSON'],
];

/** What the bytes are, where they are plainly no safetensors file. */
export function notSafetensors(bytes: Uint8Array): string | undefined {
  // A header length below 2^32: that of a header of 60 bytes begins as a page does.
  if (bytes.length >= 8 && bytes.subarray(4, 8).every((byte) => byte === 0)) return undefined;
  const start = new TextDecoder().decode(bytes.subarray(0, 64)); // leaves a byte-order mark out
  return OTHERS.find(([pattern]) => pattern.test(start))?.[1];
}
