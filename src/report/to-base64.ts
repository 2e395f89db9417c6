/** Bytes as base64, on every platform. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  // In pieces: a call takes so many arguments only. 3 divides the size, so that the pieces join.
  for (let i = 0; i < bytes.length; i += 24_573) {
    text += btoa(String.fromCharCode(...bytes.subarray(i, i + 24_573)));
  }
  return text;
}

/** {@link toBase64} backwards. */
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
